// Everything a person can do on the page, as one list of checked requests.
import { z } from 'zod';
import type { SandboxSlack } from '../slack/types.ts';
import { peopleIn } from './world.ts';

const me = z.string();
const values = z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()]));
const choice = z.union([z.string(), z.array(z.string())]).optional();

const request = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('say'),
    me,
    channel: z.string(),
    text: z.string(),
    thread: z.string().optional(),
  }),
  z.object({
    kind: z.literal('press'),
    me,
    channel: z.string(),
    ts: z.string(),
    action: z.string(),
    block: z.string(),
    choice,
  }),
  z.object({
    kind: z.literal('pressInView'),
    me,
    view: z.string(),
    action: z.string(),
    block: z.string(),
    choice,
    values,
  }),
  z.object({ kind: z.literal('fill'), me, view: z.string(), values }),
  z.object({ kind: z.literal('submit'), me, view: z.string(), values }),
  z.object({ kind: z.literal('close'), me, view: z.string(), all: z.boolean() }),
  z.object({ kind: z.literal('suggest'), me, view: z.string(), action: z.string(), query: z.string() }),
  z.object({ kind: z.literal('upload'), me, name: z.string(), base64: z.string() }),
  z.object({ kind: z.literal('shortcut'), me, channel: z.string(), ts: z.string(), callback: z.string() }),
  z.object({ kind: z.literal('home'), me }),
  z.object({ kind: z.literal('alert'), sample: z.string(), resolved: z.boolean() }),
  z.object({
    kind: z.literal('phone'),
    call: z.string(),
    act: z.enum(['answer', 'decline', 'leave', 'key', 'hangup']),
    key: z.string().optional(),
  }),
  z.object({ kind: z.literal('fault'), fault: z.string() }),
  z.object({ kind: z.literal('slackDown') }),
  z.object({ kind: z.literal('posted'), resolved: z.boolean() }),
]);

type Request = z.infer<typeof request>;

/** What the page shows after an action: a sentence, a new file's id, found options. */
export interface Outcome {
  readonly notice?: string;
  readonly fileId?: string;
  readonly options?: { value: string; label: string }[];
}

/** Everything outside Slack: the phones, the alerts, the platform's faults. */
export interface Outside {
  postAlert(sample: string, resolved: boolean): void;
  phone(call: string, act: 'answer' | 'decline' | 'leave' | 'key' | 'hangup', key?: string): void;
  fault(fault: string): Promise<string>;
  /** Switches Slack off or on. */
  slackDown(): string;
  /** A tool posts to the app itself. */
  post(resolved: boolean): Promise<string>;
}

function noticeOf(result: { shown: string | null } | null): Outcome {
  return result === null || result.shown === null ? {} : { notice: result.shown };
}

/** Slack's own client sends mentions as ids and the three special characters escaped. */
function encode(slack: SandboxSlack, text: string): string {
  let encoded = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  for (const person of peopleIn(slack)) {
    const user = slack.state.users.get(person.id);
    for (const name of [person.name, user?.profile.display_name, user?.name]) {
      if (name !== undefined && name !== '') encoded = encoded.replaceAll(`@${name}`, `<@${person.id}>`);
    }
  }
  for (const channel of slack.state.channels.values()) {
    if (!channel.is_im) encoded = encoded.replaceAll(`#${channel.name}`, `<#${channel.id}>`);
  }
  return encoded;
}

async function say(slack: SandboxSlack, input: Extract<Request, { kind: 'say' }>): Promise<Outcome> {
  const text = input.text.trim();
  if (text === '') return {};
  const [, command, rest = ''] = /^(\/[a-z]\S*)\s*([\s\S]*)$/i.exec(text) ?? [];
  if (command === undefined) {
    const thread = input.thread === undefined ? {} : { thread_ts: input.thread };
    slack.postAs({ user: input.me }, input.channel, { text: encode(slack, text), ...thread });
    return {};
  }
  if (input.thread !== undefined) return { notice: `${command} is not supported in threads. Sorry!` };
  if (command !== '/voicecall') return { notice: `${command} is not a valid command.` };
  return noticeOf(await slack.command(input.me, input.channel, rest, command));
}

async function run(slack: SandboxSlack, outside: Outside, input: Request): Promise<Outcome> {
  switch (input.kind) {
    case 'say':
      return say(slack, input);
    case 'press':
      return noticeOf(
        await slack.press(input.me, input.channel, input.ts, input.action, input.choice, input.block),
      );
    case 'pressInView':
      // The Home tab is a view too, but without inputs and never opened.
      if (slack.state.homes.get(input.me)?.id !== input.view)
        slack.fillView(input.me, input.view, input.values);
      return noticeOf(await slack.pressInView(input.me, input.view, input.action, input.choice, input.block));
    case 'fill':
      slack.fillView(input.me, input.view, input.values);
      return {};
    case 'submit':
      return noticeOf(await slack.submitView(input.me, input.view, input.values));
    case 'close':
      return noticeOf(await slack.closeView(input.me, input.view, input.all));
    case 'suggest': {
      const found = await slack.suggest(input.me, input.view, input.action, input.query);
      const options = found.options.map((option) => ({
        value: String(option.value),
        label: z.object({ text: z.string() }).parse(option.text).text,
      }));
      return { ...noticeOf(found), options };
    }
    case 'upload':
      return { fileId: slack.uploadFile(input.me, input.name, Buffer.from(input.base64, 'base64')).id };
    case 'shortcut':
      return noticeOf(await slack.messageShortcut(input.me, input.channel, input.ts, input.callback));
    case 'home':
      await slack.openHome(input.me);
      return {};
    case 'alert':
      outside.postAlert(input.sample, input.resolved);
      return {};
    case 'phone':
      outside.phone(input.call, input.act, input.key);
      return {};
    case 'fault':
      return { notice: await outside.fault(input.fault) };
    case 'slackDown':
      return { notice: outside.slackDown() };
    case 'posted':
      return { notice: await outside.post(input.resolved) };
  }
}

/** Does what the page asks. A refusal of the sandbox comes back as a notice with the sandbox's words. */
export async function act(slack: SandboxSlack, outside: Outside, body: unknown): Promise<Outcome> {
  const parsed = request.safeParse(body);
  if (!parsed.success) return { notice: z.prettifyError(parsed.error) };
  try {
    return await run(slack, outside, parsed.data);
  } catch (error) {
    return { notice: error instanceof Error ? error.message : String(error) };
  }
}
