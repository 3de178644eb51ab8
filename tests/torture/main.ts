/** `node tests/torture/main.ts WAY JOB… [--times N] [--seed N]`: tortures the long commands in one way. */
import { parseArgs } from "node:util";
import { tortureByClock } from "./clock.ts";
import { tortureByFileLimit, tortureByFullDisk, tortureByReadOnly } from "./disk.ts";
import { tortureByKill } from "./kill.ts";
import { checkOrder } from "./order.ts";
import { tortureByPause, tortureByTwo } from "./pause.ts";
import { tortureByPoints } from "./points.ts";
import { makeWorld, reference, type Reference, subjectNames } from "./subjects.ts";

type Way = (ref: Reference, options: { times: number; seed: number }) => Promise<{ broken: string[] } & Record<string, number | string[]>>;
const ways: Record<string, Way> = {
  kill: tortureByKill,
  points: tortureByPoints,
  full: tortureByFullDisk,
  readonly: tortureByReadOnly,
  limit: tortureByFileLimit,
  pause: tortureByPause(3000),
  minute: tortureByPause(60_000),
  two: tortureByTwo,
  clock: tortureByClock,
  order: checkOrder,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
});
const [way = "", ...named] = positionals;
const torture = ways[way];
const names = subjectNames.filter((name) => named.length === 0 || named.includes(name));
if (!torture || named.some((name) => !names.some((known) => known === name))) {
  console.error(`node tests/torture/main.ts ${Object.keys(ways).join("|")} [${subjectNames.join("|")} …] [--times N] [--seed N]`);
  process.exit(2);
}
const world = await makeWorld();
try {
  for (const name of names) {
    const ref = await reference(world.subject(name));
    const started = performance.now();
    const { broken, ...counts } = await torture(ref, { times: Number(values.times), seed: Number(values.seed) });
    const said = Object.entries(counts).map(([what, n]) => `${what} ${String(n)}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `${way} ${name}: ${broken.length === 0 ? "all as it should be" : `${broken.length} BROKEN`} (${said.join(", ")}); ${seconds} s`,
    );
    for (const message of broken) console.log(`  ${message}`);
    if (broken.length > 0) process.exitCode = 1;
  }
} finally {
  await world.close();
}
