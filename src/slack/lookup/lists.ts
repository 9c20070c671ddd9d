import { listRequests, loadRequest } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { isApprover } from '../context/permissions.ts';
import type { RenderedMessage } from '../kit/blocks.ts';
import { historyAnswer, historySize, statusAnswer } from './answers.ts';

/** The open requests: for an approver all, for others their own. */
export async function openRequestsFor(deps: SlackDeps, userId: string): Promise<RenderedMessage> {
  const { requests } = await visible(deps, userId, { open: true, page: 1 });
  return statusAnswer(requests, { userId, nameOf: deps.people.knownName });
}

/** One page of requests, counted from 1: for an approver all, for others their own. */
export async function historyFor(deps: SlackDeps, userId: string, page: number): Promise<RenderedMessage> {
  const { requests, more } = await visible(deps, userId, { open: false, page });
  return historyAnswer(requests, { page, more, userId, nameOf: deps.people.knownName });
}

async function visible(deps: SlackDeps, userId: string, { open, page }: { open: boolean; page: number }) {
  const approver = await isApprover(deps.people, deps.config(), userId);
  const { ids, more } = await listRequests(deps.store.read, {
    userId: approver ? null : userId,
    open,
    page: page - 1,
    size: historySize,
  });
  const requests = await Promise.all(ids.map((id) => loadRequest(deps.store.read, id)));
  return { requests: requests.filter((request): request is RequestView => request !== null), more };
}
