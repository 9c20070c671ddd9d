import type { DeliveryKind, Fault, SandboxSlack } from '../slack/types.ts';
import { html } from './html.ts';

/** The switch "Slack is down": nothing from Slack reaches the app, and nothing from the app reaches Slack. */
export interface SlackSwitch {
  isDown(): boolean;
  /** Switches. Returns a sentence about the new state. */
  turn(): string;
}

const kinds: DeliveryKind[] = [
  ...(['command', 'view_submission', 'view_closed', 'block_actions'] as const),
  ...(['block_suggestion', 'shortcut', 'message_action', 'event'] as const),
];

/** For a fault that stays until it is removed. */
const forGood = Number.MAX_SAFE_INTEGER / 2;

export function createSlackSwitch(slack: SandboxSlack): SlackSwitch {
  const { faults } = slack.state;
  const isOurs = (fault: Fault) => fault.times > forGood;
  const isDown = () => faults.some(isOurs);
  return {
    isDown,
    turn() {
      if (isDown()) {
        faults.splice(0, faults.length, ...faults.filter((fault) => !isOurs(fault)));
        return 'Slack is back. What waited is posted now.';
      }
      for (const method of ['*', ...kinds.map((kind) => `app:${kind}`)])
        slack.fault({ method, times: Number.MAX_SAFE_INTEGER, kind: 'drop_before' });
      return 'Slack is down. An alert posted to Voicecall itself still calls people.';
    },
  };
}

/** The switch, and a tool that posts to Voicecall. */
export function slackDownHtml(slack: SlackSwitch): string {
  return html`<button type="button" id="slack-down" data-slackdown >${slack.isDown() ? 'Bring Slack back' : 'Take Slack down'}</button>
    ${slack.isDown() && html`<p class="down" role="status"><b>Slack is down.</b> Nothing you do in a channel reaches Voicecall.</p>`}
    <div class="sample" role="group" aria-label="Posted to Voicecall"><b>Alertmanager</b>
      <button type="button" data-posted>Firing</button>
      <button type="button" data-posted data-resolved>Resolved</button>
      <span>DiskFull on db-1<small>posted to Voicecall itself; calls db-oncall even if Slack is down</small></span></div>`
    .markup;
}
