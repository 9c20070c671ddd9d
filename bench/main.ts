// npm run bench [-- --quick] [-- --only ack,submit]: measures the README's figures on this machine.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { LeftOut, type Measurement, markdown, type Row } from './figures.ts';
import { acknowledge } from './rows/acknowledge.ts';
import { tenThousand, twoHundred } from './rows/crowd.ts';
import { million } from './rows/million.ts';
import { posted, postedStorm } from './rows/posted.ts';
import { furtherAttempt, nextAttempt } from './rows/reach.ts';
import { reports } from './rows/reports.ts';
import { alert, approve, submit, twoInstances } from './rows/single.ts';
import { start } from './rows/start.ts';
import { storm } from './rows/storm.ts';

const measurements: Measurement[] = [
  start,
  acknowledge,
  submit,
  approve,
  alert,
  posted,
  twoHundred,
  tenThousand,
  furtherAttempt,
  nextAttempt,
  twoInstances,
  storm,
  postedStorm,
  reports,
  million,
];

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const names = measurements.map((each) => each.name);
const wanted = values.only?.split(',') ?? names;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no measurement ${unknown.join(', ')}: choose from ${names.join(', ')}.`);
  process.exit(1);
}
if (process.platform !== 'linux') {
  console.error('The bench reads memory and processor time from /proc: it runs on Linux.');
  process.exit(1);
}

const processors = cpus();
console.log(
  `${processors[0]?.model ?? 'unknown processor'}, ${processors.length} cores, Node ${process.versions.node}\n`,
);
const rows: Row[] = [];
const notes: string[] = [];
for (const measurement of measurements.filter((each) => wanted.includes(each.name))) {
  console.error(`measuring: ${measurement.name} …`);
  try {
    rows.push(...(await measurement.run({ quick: values.quick })));
  } catch (error) {
    if (!(error instanceof LeftOut)) throw error;
    notes.push(`${measurement.name} is left out: ${error.message}.`);
  }
}
console.log(markdown(rows));
for (const note of notes) console.log(`\n${note}`);
