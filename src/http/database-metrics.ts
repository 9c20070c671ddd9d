import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/types.ts';
import { createDatabaseFacts, type DatabaseFacts } from './database-facts.ts';

/** One value of a metric, with its labels. Values of the same labels are added. */
type Sample = [value: number, labels: Record<string, string>];

interface Metric {
  name: string;
  help: string;
  labels: string[];
  samples: (facts: DatabaseFacts) => Sample[];
}

const lastDay = 'in the last 24 hours, of the database';

const total: Metric = {
  name: 'voicecall_requests_total',
  help: 'Requests ever made by origin (person, alert, redial), of the database',
  labels: ['origin'],
  samples: ({ requests }) => requests.map(({ origin, count }) => [count, { origin }]),
};

const gauges: Metric[] = [
  {
    name: 'voicecall_submissions_last_day',
    help: `Submissions by outcome (accepted, refused, unknown, ready, ...) that became ready ${lastDay}`,
    labels: ['outcome'],
    samples: ({ submissions }) => submissions.map(({ state, count }) => [count, { outcome: state }]),
  },
  {
    name: 'voicecall_calls_last_day',
    help: `Calls by state and terminationCode ("": none reported) that were made ${lastDay}`,
    labels: ['state', 'termination'],
    samples: ({ calls }) => calls.map(({ state, termination, count }) => [count, { state, termination }]),
  },
  {
    name: 'voicecall_attempts_last_day',
    help: `Calls by attempt (1: the first) and outcome (answered, busy, no_answer, voicemail, ...; without a report the state) that were made ${lastDay}`,
    labels: ['attempt', 'outcome'],
    samples: ({ calls }) =>
      calls.map(({ attempt, ending, state, count }) => [
        count,
        { attempt: String(attempt), outcome: ending ?? state },
      ]),
  },
  {
    name: 'voicecall_reaching_ended_last_day',
    help: `Requests that continue until people are reached, by what ended them (enough, all, exhausted, acknowledged, resolved, stopped, rule_removed), of those made ${lastDay}`,
    labels: ['by'],
    samples: ({ ended }) => ended.map(({ by, count }) => [count, { by }]),
  },
  {
    name: 'voicecall_task_lag_seconds',
    help: 'How long the oldest due task has waited for a worker, 0 where none waits, of the database',
    labels: [],
    samples: ({ taskLagMs }) => [[taskLagMs / 1000, {}]],
  },
  {
    name: 'voicecall_tasks_failing',
    help: 'Tasks by kind whose last run failed, of the database',
    labels: ['kind'],
    samples: ({ failing }) => failing.map(({ kind, count }) => [count, { kind }]),
  },
  {
    name: 'voicecall_alert_events_set_aside',
    help: 'Alert events that failed too often and are not retried, of the database',
    labels: [],
    samples: ({ setAside }) => [[setAside, {}]],
  },
];

/** Adds the metrics of the database: equal for all instances. Without a database they are empty or 0. */
export function addDatabaseMetrics(registry: Registry, deps: { store: Store; clock: Clock; log: Log }): void {
  // Each metric first waits for the facts and then resets itself, so that simultaneous scrapes do not add up.
  const facts = createDatabaseFacts(deps);
  const registers = [registry];
  const samplesOf = async ({ samples }: Metric) => {
    const known = await facts();
    return known === null ? [] : samples(known);
  };
  new Gauge({
    name: 'voicecall_database_up',
    help: '1 while the database answers, of this process',
    registers,
    async collect() {
      this.set((await facts()) === null ? 0 : 1);
    },
  });
  new Counter({
    ...described(total),
    registers,
    async collect() {
      const found = await samplesOf(total);
      this.reset();
      for (const [value, labels] of found) this.inc(labels, value);
    },
  });
  for (const metric of gauges)
    new Gauge({
      ...described(metric),
      registers,
      async collect() {
        const found = await samplesOf(metric);
        this.reset();
        for (const [value, labels] of found) this.inc(labels, value);
      },
    });
  new Histogram({
    name: 'voicecall_reached_after_seconds',
    help: `From a request, or the time that it was scheduled for, to the first callee reached, of requests made ${lastDay}`,
    buckets: [15, 30, 60, 120, 300, 600, 1_200, 3_600],
    registers,
    async collect() {
      const known = await facts();
      this.reset();
      for (const afterMs of known?.reachedAfterMs ?? []) this.observe(afterMs / 1000);
    },
  });
}

function described({ name, help, labels }: Metric) {
  return { name, help, labelNames: labels };
}
