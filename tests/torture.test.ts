import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tortureByClock } from "./torture/clock.ts";
import { tortureByFileLimit, tortureByFullDisk, tortureByReadOnly } from "./torture/disk.ts";
import { tortureByKill } from "./torture/kill.ts";
import { tortureByPause, tortureByTwo } from "./torture/pause.ts";
import { tortureByPoints } from "./torture/points.ts";
import { makeWorld, reference, type Reference, type SubjectName, subjectNames, type World } from "./torture/subjects.ts";

// A few cases of each: docs/evidence/torture.md has the long runs and the commands.
let world: World;
const references = new Map<SubjectName, Reference>();
beforeAll(async () => {
  world = await makeWorld();
  for (const name of subjectNames) references.set(name, await reference(world.subject(name)));
}, 240_000);
afterAll(() => world.close());

function of(name: SubjectName): Reference {
  const found = references.get(name);
  if (!found) throw new Error(`no reference of ${name}`);
  return found;
}

const works = (program: string): boolean => {
  try {
    execFileSync(program, ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
const mayMount = process.platform === "linux" && process.getuid?.() === 0;

describe.each(subjectNames)("%s", (name) => {
  test("killed at random moments, its bytes are those of the unbroken run", { timeout: 240_000 }, async () => {
    const { broken, compared } = await tortureByKill(of(name), { times: 3, seed: 11 });
    expect(broken).toEqual([]);
    expect(compared).toBeGreaterThan(0);
  });
});

describe.each(["harvest", "train", "index"] as const)("%s", (name) => {
  test("stopped for a while, it goes on; a second process is kept out", { timeout: 120_000 }, async () => {
    expect(await tortureByPause(1000)(of(name), { times: 1, seed: 11 })).toMatchObject({ compared: 1, broken: [] });
  });

  test("a clock that is set back changes nothing", { timeout: 240_000 }, async () => {
    expect(await tortureByClock(of(name), { times: 1, seed: 11 })).toMatchObject({ compared: 1, broken: [] });
  });

  test.skipIf(!works("prlimit"))(
    "files that may not grow are said, and it goes on afterwards [needs prlimit]",
    { timeout: 120_000 },
    async () => {
      expect(await tortureByFileLimit(of(name), { times: 1, seed: 11 })).toMatchObject({ broken: [] });
    },
  );

  test.skipIf(!mayMount)(
    "a disk that fills up or turns read-only is said, and it goes on afterwards [needs root to mount]",
    { timeout: 240_000 },
    async () => {
      expect(await tortureByFullDisk(of(name), { times: 1, seed: 11 })).toMatchObject({ compared: 1, broken: [] });
      expect(await tortureByReadOnly(of(name), { times: 1, seed: 11 })).toMatchObject({ compared: 1, broken: [] });
    },
  );
});

test("of two at once one has the folder", { timeout: 120_000 }, async () => {
  expect(await tortureByTwo(of("train"), { times: 1, seed: 11 })).toMatchObject({ compared: 1, broken: [] });
});

test.skipIf(!works("strace"))("killed before single system calls [needs strace]", { timeout: 240_000 }, async () => {
  for (const name of ["train", "download"] as const)
    expect(await tortureByPoints(of(name), { times: 2, seed: 11 })).toMatchObject({ killed: 2, broken: [] });
});
