import {
  type AnyMiddlewareArgs,
  ReceiverMultipleAckError,
  type SlackActionMiddlewareArgs,
} from '@slack/bolt';
import type { KnownBlock } from '@slack/types';
import { newId } from '../../ids.ts';
import type { SlackDeps } from '../context/deps.ts';
import { wordsFor } from '../words/error-words.ts';
import { problemView } from './problem-view.ts';

export interface PrivateAnswer {
  text: string;
  blocks?: KnownBlock[];
}

/**
 * Answers only the person who pressed: in the channel where they pressed, or by direct message if they pressed in a
 * modal. A failure is only logged, because what was pressed is done.
 */
export async function tellPresser(
  deps: SlackDeps,
  args: Pick<SlackActionMiddlewareArgs, 'body' | 'respond'>,
  answer: PrivateAnswer,
): Promise<void> {
  const { body, respond } = args;
  try {
    if ('response_url' in body && body.response_url) {
      await respond({ response_type: 'ephemeral', replace_original: false, ...answer });
    } else {
      await deps.urgent.chat.postMessage({ channel: body.user.id, ...answer });
    }
  } catch (error) {
    deps.log.warn({ err: error }, 'an answer to one person could not be delivered');
  }
}

/**
 * Handles the error of a listener: logs it with a reference, and shows the person words with the same reference.
 * Without this, Slack would wait 3 s and say only that the app did not respond.
 */
export async function answerFailure(deps: SlackDeps, args: AnyMiddlewareArgs, error: unknown): Promise<void> {
  const reference = newId('x');
  deps.log.error({ err: error, reference }, 'a listener failed');
  const text = wordsFor(error, reference);
  try {
    if ('command' in args && args.command !== undefined) {
      await args.ack({ response_type: 'ephemeral', text }).catch(async (second: unknown) => {
        // The command was acknowledged before the failure, so the words go to its response URL.
        if (!(second instanceof ReceiverMultipleAckError)) throw second;
        await args.respond({ response_type: 'ephemeral', text });
      });
    } else if ('view' in args && args.view !== undefined) {
      await args.ack({ response_action: 'update', view: problemView(text) });
    } else if ('action' in args && args.action !== undefined) {
      await args.ack().catch((second: unknown) => {
        if (!(second instanceof ReceiverMultipleAckError)) throw second;
      });
      await tellPresser(deps, args as SlackActionMiddlewareArgs, { text });
    } else if ('shortcut' in args && args.shortcut !== undefined) {
      await args.ack().catch(() => undefined);
      await deps.urgent.chat.postMessage({ channel: args.shortcut.user.id, text });
    }
  } catch (second) {
    // Either it was acknowledged before the failure, or Slack is down. The log has both errors.
    deps.log.warn({ err: second, reference }, 'the person could not be told about a failure');
  }
}
