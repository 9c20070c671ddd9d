import type { HomeView, KnownBlock } from '@slack/types';
import type { RequestView } from '../../calls/request/types.ts';
import { actions, button, context, header, section } from '../kit/blocks.ts';
import { requestBlocks } from '../replies/request-blocks.ts';
import { requestLine } from '../words/request-line.ts';
import type { NameOf } from '../words/request-words.ts';

export interface HomeFacts {
  /** True if this person may call people. */
  mayCall: boolean;
  /** True: the history shows everybody's requests. */
  approver: boolean;
  /** True if there are caller numbers for a contact card. */
  contactCard: boolean;
  /** This person's requests, newest first. */
  recent: readonly RequestView[];
  /** This person's requests that are scheduled. */
  scheduled: readonly RequestView[];
  /** Requests that wait for this person's approval. */
  waiting: readonly RequestView[];
  /** Alerts that are calling people until somebody is reached. */
  alerts: readonly RequestView[];
  nameOf?: NameOf;
}

const shown = 10;

/** The view of the app's Home tab for one person. */
export function homeView({
  mayCall,
  approver,
  contactCard,
  recent,
  scheduled,
  waiting,
  alerts,
  nameOf,
}: HomeFacts): HomeView {
  const blocks: KnownBlock[] = [
    header('Voicecall'),
    section(
      'Calls people from Slack with a recording or a spoken text, one person or ten thousand. Every result is shown in the channel.',
    ),
    ...(mayCall
      ? actions(
          [
            button('Call people', 'home_call', 'home', { style: 'primary' }),
            button(approver ? 'All requests' : 'My requests', 'home_history', 'home'),
          ],
          'home_actions',
        )
      : [context('You may not call people here. The person who runs Voicecall decides who may.')]),
    ...actions(
      [
        ...(mayCall ? [button('Call me, to test it', 'call_me', 'home')] : []),
        ...(contactCard ? [button('Contact card', 'contact_card', 'home')] : []),
      ],
      'home_self',
    ),
    ...(contactCard
      ? [context('Save the contact card and let it through at night: it has the numbers that call you.')]
      : []),
    ...listed('Waiting for your approval', waiting, (each) => [
      section(requestLine(each, { nameOf, outcome: false }), button('Review', 'call_review', each.id)),
    ]),
    ...listed('Alerts that are calling', alerts, (each) => [
      section(requestLine(each, { nameOf, brief: true })),
    ]),
    ...listed('Scheduled', scheduled, (each) => requestBlocks(each, { own: true, nameOf })),
    ...(recent.length === 0
      ? [
          header('Your recent requests'),
          section('None yet. Try `/voicecall` in any channel, or `/voicecall help`.'),
        ]
      : listed(
          'Your recent requests',
          recent.filter(({ id }) => !scheduled.slice(0, shown).some((each) => each.id === id)),
          (each) => requestBlocks(each, { own: true, nameOf }),
        )),
  ];
  return { type: 'home', callback_id: 'voicecall_home', blocks };
}

/** The first requests under a header. Nothing if there are none. */
function listed(
  title: string,
  requests: readonly RequestView[],
  blocksOf: (request: RequestView) => KnownBlock[],
): KnownBlock[] {
  return requests.length === 0 ? [] : [header(title), ...requests.slice(0, shown).flatMap(blocksOf)];
}
