import type { AckFn, App, RespondArguments, RespondFn, SlashCommand } from '@slack/bolt';
import type { KnownBlock } from '@slack/types';
import { cancelRequest } from '../calls/asking/cancel.ts';
import { readAudit } from '../calls/request/audit.ts';
import { loadRequest } from '../calls/request/read.ts';
import type { RequestView } from '../calls/request/types.ts';
import { within } from '../clock.ts';
import { VoicecallError } from '../errors.ts';
import { channelBlocks } from './alerts/try-rules.ts';
import { openCallModal } from './asking/open-modal.ts';
import { type AnsweredCommand, type Command, parseCommand } from './asking/parse-command.ts';
import { cancelledWords } from './board/cancel.ts';
import type { SlackDeps } from './context/deps.ts';
import { mayCall } from './context/permissions.ts';
import { helpAnswer, listsAnswer, statusAnswer, unknownAnswer } from './lookup/answers.ts';
import { historyFor, openRequestsFor } from './lookup/lists.ts';
import { onCallNow } from './lookup/oncall.ts';
import { renderRules } from './lookup/rules.ts';
import { startTestCall } from './me/test-call.ts';
import { recordingsFor } from './recordings/register.ts';
import { isOwnOrApprover, mayHandle } from './replies/press.ts';
import { decidedWords } from './words/decided-words.ts';
import { eventLine } from './words/event-line.ts';

type Answer = { text: string; blocks?: KnownBlock[] };

/** The trigger expires 3 s after the command. */
const patienceMs = 1_000;

/** Registers `/voicecall`: opens the form, or answers privately. */
export function registerCommands(app: App, deps: SlackDeps): void {
  app.command('/voicecall', async ({ ack, respond, command: typed }) => {
    const command = parseCommand(typed.text ?? '', deps.config(), deps.recordings);
    if (command.name === 'call') {
      await openModal(deps, ack, respond, typed, command);
      return;
    }
    if (command.name === 'oncall') {
      // Acknowledge first, because looking up names may call Slack.
      await ack();
      await respond({ response_type: 'ephemeral', ...(await onCallNow(deps)) });
      return;
    }
    if (command.name === 'me') {
      // Acknowledge first, because looking up the number may call Slack.
      await ack();
      const { text } = await startTestCall(deps, { userId: typed.user_id, triggerId: typed.trigger_id });
      await respond({ response_type: 'ephemeral', text });
      return;
    }
    await ack({ response_type: 'ephemeral', ...(await answerTo(deps, typed, command)) });
  });
}

async function openModal(
  deps: SlackDeps,
  ack: AckFn<string | RespondArguments>,
  respond: RespondFn,
  typed: SlashCommand,
  command: Command & { name: 'call' },
): Promise<void> {
  // Acknowledge first: the command changes nothing that could be lost, and the trigger expires after 3 s.
  await ack();
  // If Slack is slow, the form opens anyway. Who may call is checked again before anybody is called.
  const asked = mayCall(deps.people, deps.config(), typed.user_id);
  const refusal = await within(deps.clock, patienceMs, asked, null);
  if (refusal !== null) {
    await respond({ response_type: 'ephemeral', text: refusal });
    return;
  }
  await openCallModal(
    deps,
    typed.trigger_id,
    {
      callee: command.callee,
      lists: command.lists,
      people: command.people,
      ...(command.fileId === null ? {} : { fileId: command.fileId }),
      ...(command.text === null ? {} : { text: command.text }),
      channel: typed.channel_id,
    },
    { channelId: typed.channel_id, threadTs: null, previousId: null },
  );
}

async function answerTo(
  deps: SlackDeps,
  { user_id: userId, channel_id: channelId }: SlashCommand,
  command: AnsweredCommand,
): Promise<Answer> {
  switch (command.name) {
    case 'help':
      return helpAnswer();
    case 'unknown':
      return unknownAnswer(command.typed, command.near);
    case 'lists':
      return listsAnswer(deps.config());
    case 'recordings':
      return await recordingsFor(deps, userId);
    case 'rules':
      return await rules(deps, channelId);
    case 'status':
      return command.requestId === null
        ? await openRequestsFor(deps, userId)
        : await status(deps, userId, command.requestId);
    case 'history':
      return await historyFor(deps, userId, command.page);
    case 'cancel':
      return await cancel(deps, userId, command.requestId);
  }
}

const unknownRequest = (typed: string) => ({
  text: `There is no request ${typed.replace(/[^0-9a-z]/gi, '').slice(0, 20)} of yours. \`/voicecall history\` lists them.`,
});

/**
 * A request that this person may see and cancel: their own; an alert's, if they may call people; for approvers, any.
 * For others it is the same as if it did not exist.
 */
async function visibleRequest(
  deps: SlackDeps,
  userId: string,
  requestId: string,
): Promise<RequestView | null> {
  const request = await loadRequest(deps.store.read, requestId);
  if (request === null || !(await mayHandle(deps, request, userId))) return null;
  return request;
}

async function status(deps: SlackDeps, userId: string, requestId: string): Promise<Answer> {
  const request = await visibleRequest(deps, userId, requestId);
  if (request === null) return unknownRequest(requestId);
  const audit = await readAudit(deps.store.read, request.id);
  const nameOf = deps.people.knownName;
  const reader = { history: audit.map((event) => eventLine(event, nameOf)), userId, nameOf };
  const whole = await isOwnOrApprover(deps, request, userId);
  // Others may not be in the alert's channel, so they do not read what the alert says.
  return whole ? statusAnswer([request], reader) : statusAnswer([], { ...reader, alerts: [request] });
}

async function cancel(deps: SlackDeps, userId: string, requestId: string | null): Promise<Answer> {
  if (requestId === null) {
    return { text: 'Which one? `/voicecall status` lists what is open; then `/voicecall cancel <id>`.' };
  }
  const request = await visibleRequest(deps, userId, requestId);
  if (request === null) return unknownRequest(requestId);
  try {
    return { text: cancelledWords(request, await cancelRequest(deps, request.id, userId)) };
  } catch (error) {
    if (error instanceof VoicecallError && error.code === 'already_decided')
      return { text: decidedWords(error.facts) };
    throw error;
  }
}

async function rules(deps: SlackDeps, channelId: string): Promise<Answer> {
  const matched = await deps.store.read.selectFrom('rule_matches').selectAll().execute();
  const lastMatched = new Map(matched.map((row) => [row.rule_name, row.matched_at]));
  const listed = renderRules(deps.config(), (name) => lastMatched.get(name) ?? null);
  return { ...listed, blocks: [...listed.blocks, ...(await channelBlocks(deps, channelId))] };
}
