import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder, readFolder, refuseWhileRead } from "./lock.ts";
import { identityOf, isRunning } from "./process-identity.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-lock-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const dead = (purpose: string): string => JSON.stringify({ pid: 2 ** 30, startTime: "0", purpose });
/** A program that calls a function of this module, says so and stays. */
const holding = (call: string): string =>
  `import { lockFolder, readFolder } from ${JSON.stringify(new URL("./lock.ts", import.meta.url).href)}; await ${call}; console.log(process.pid); setInterval(() => {}, 1000);`;

describe("lockFolder", () => {
  it("refuses a second holder by name and pid, and lets go once", async () => {
    const release = await lockFolder(folder, "a harvest");
    await expect(lockFolder(folder, "another")).rejects.toMatchObject({
      code: "busy",
      message: expect.stringContaining(`process ${process.pid} (a harvest)`),
    });
    await release();
    const again = await lockFolder(folder, "another");
    await release(); // too late: it is not ours any more
    await expect(lockFolder(folder, "a third")).rejects.toMatchObject({ code: "busy" });
    await again();
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes over the lock of a process that was killed, though its parent has not reaped it", async () => {
    const script = holding(`lockFolder(${JSON.stringify(folder)}, "victim")`);
    // The shell becomes `sleep`, which never asks for the exit code of its child.
    const parent = spawn("sh", ["-c", '"$0" --input-type=module -e "$1" & exec sleep 60', process.execPath, script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [said] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(said.toString());
      await expect(lockFolder(folder, "second")).rejects.toMatchObject({ code: "busy" });
      const victim = identityOf(pid);
      process.kill(pid, "SIGKILL");
      await expect.poll(() => isRunning(victim)).toBe(false);
      if (process.platform === "linux") expect(await readFile(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /);
      await (
        await lockFolder(folder, "second")
      )();
      expect(await readdir(folder)).toEqual([]);
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it("takes over a lock cut short, and a chain of dead ones, and clears away what killed processes left of theirs", async () => {
    await writeFile(join(folder, ".lock"), '{"pid": 12');
    for (const name of [".lock.12.0badcafe.tmp", ".lock.12.0badcafe.tmp.stale.tmp"]) await writeFile(join(folder, name), dead("left"));
    const release = await lockFolder(folder, "second");
    expect(await readdir(folder)).toEqual([".lock"]);
    await release();
  });

  it("lets one of many starters have the folder, also when its last holder is dead", async () => {
    for (const holder of [undefined, dead("killed")]) {
      if (holder !== undefined) await writeFile(join(folder, ".lock"), holder);
      const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => lockFolder(folder, `starter ${i}`)));
      const won = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      expect(won).toHaveLength(1);
      await won[0]?.();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it("locks a folder that whoever held it removes when it is done", async () => {
    const place = join(folder, "made", "anew");
    let locking = true;
    const remover = (async (): Promise<void> => {
      for (let i = 0; locking; await sleep(7 * (++i % 7))) await rmdir(place).catch(() => undefined); // succeeds whenever it is empty
    })();
    for (let i = 0; i < 40; i++) await (await lockFolder(place, "a build"))();
    locking = false;
    await remover;
  });

  it("has one holder at a time, whoever is killed whenever", async () => {
    const [locked, log] = [join(folder, "locked"), join(folder, "log")];
    await writeFile(log, "");
    const child = fileURLToPath(new URL("./testing/lock-child.ts", import.meta.url));
    let seed = 0;
    const starter = async (): Promise<void> => {
      for (let i = 0; i < 3; i++)
        await once(spawn(process.execPath, [child, locked, log, String(++seed)], { stdio: ["ignore", "inherit", "inherit"] }), "exit");
    };
    await Promise.all(Array.from({ length: 4 }, starter));
    let holder: string | undefined;
    let taken = 0;
    for (const line of (await readFile(log, "utf8")).trimEnd().split("\n")) {
      const [what = "", pid] = line.split(" ");
      expect({ what, holder }, line).toEqual({ what, holder: what === "in" ? undefined : pid });
      expect(["in", "out"], line).toContain(what);
      holder = what === "in" ? pid : undefined;
      taken++;
    }
    expect(taken).toBeGreaterThan(10);
  }, 60_000);
});

describe("readFolder", () => {
  it("lets many read, and says who does to whoever wants to remove", async () => {
    const ends = [await readFolder(folder, "training"), await readFolder(folder, "indexing")];
    await expect(refuseWhileRead(folder)).rejects.toMatchObject({
      code: "busy",
      message: expect.stringMatching(new RegExp(`read by process ${process.pid} \\((training|indexing)\\)`)),
    });
    for (const end of ends) await end();
    await refuseWhileRead(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it("forgets readers that were killed", async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", holding(`readFolder(${JSON.stringify(folder)}, "training")`)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await expect(refuseWhileRead(folder)).rejects.toMatchObject({ code: "busy" });
    child.kill("SIGKILL");
    await once(child, "exit");
    await (
      await readFolder(folder, "the next")
    )();
    expect(await readdir(folder)).toEqual([]);
  });

  it("follows a folder that gets another name, and needs one that is there", async () => {
    const [from, to] = [`${folder}-from`, `${folder}-to`];
    await mkdir(from);
    const end = await readFolder(from, "training");
    await rename(from, to);
    await expect(refuseWhileRead(to)).rejects.toMatchObject({ code: "busy" });
    await end();
    await rm(to, { recursive: true });
    await expect(readFolder(from, "training")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
