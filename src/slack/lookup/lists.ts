import { listRequests, loadRequests } from '../../calls/request/read.ts';
import type { RequestView } from '../../calls/request/types.ts';
import type { SlackDeps } from '../context/deps.ts';
import { isApprover, mayCall } from '../context/permissions.ts';
import type { RenderedMessage } from '../kit/blocks.ts';
import { historyAnswer, historySize, statusAnswer } from './answers.ts';

/** The open requests: for an approver all; for others their own, and the alerts that are calling people. */
export async function openRequestsFor(deps: SlackDeps, userId: string): Promise<RenderedMessage> {
  const { requests } = await visible(deps, userId, { open: true, page: 1 });
  const shown = new Set(requests.map(({ id }) => id));
  const alerts = (await alertsCalling(deps, userId)).filter(({ id }) => !shown.has(id));
  return statusAnswer(requests, { userId, nameOf: deps.people.knownName, alerts });
}

/** The alerts that go on calling people until somebody is reached; empty for people who may not call. */
export async function alertsCalling(deps: SlackDeps, userId: string): Promise<RequestView[]> {
  if ((await mayCall(deps.people, deps.config(), userId)) !== null) return [];
  const { ids } = await listRequests(deps.store.read, {
    ...{ userId: null, open: true, reaching: true, page: 0, size: historySize },
  });
  return (await loadRequests(deps.store.read, ids)).filter(({ reach }) => reach?.running === true);
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
  return { requests: await loadRequests(deps.store.read, ids), more };
}
