import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cliErrorSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lexiscope, root } from "./support.ts";

const commands = [
  "start",
  "model",
  "forward",
  "harvest",
  "train",
  "import",
  "index",
  "feature",
  "search",
  "inspect",
  "generate",
  "chat",
  "list",
  "remove",
  "bench",
  "doctor",
];

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-home-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe("help", () => {
  test("says that a command does not exist", async () => {
    const { code, stderr } = await lexiscope(["help", "nope"], { home });
    expect(code).toBe(2);
    expect(stderr).toContain('there is no command "nope"');
  });

  test("the bare command shows every command and how to begin", async () => {
    for (const args of [[], ["help"], ["--help"]]) {
      const { code, stdout } = await lexiscope(args, { home });
      expect(code).toBe(0);
      for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
      expect(stdout).toContain("lexiscope start");
    }
  });

  test.each(commands)("%s explains itself with examples", async (name) => {
    const { code, stdout } = await lexiscope(["help", name], { home });
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain(`$ lexiscope ${name}`);
    expect(stdout).toContain("--json");
  });

  test("the version is printed", async () => {
    expect((await lexiscope(["--version"], { home })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a mistake of the user's", () => {
  const mistakes: [string[], number, RegExp][] = [
    [["serach", "x"], 2, /unknown command 'serach'[\s\S]*search/],
    [["list", "--bogus"], 2, /unknown option '--bogus'/],
    [["search"], 2, /missing required argument/],
    [["harvest", "--tokens", "many"], 2, /--tokens "many" is not a whole number/],
    [["harvest", "--tokens", "0"], 2, /--tokens/],
    [["train", "--k", "0"], 2, /--k/],
    [["train", "--store", "nothing"], 4, /is no activation store/],
    [["train"], 4, /there is no store yet[\s\S]*lexiscope harvest/],
    [["index"], 4, /there is no dictionary yet[\s\S]*lexiscope train/],
    [["feature", "12"], 4, /there is no atlas yet[\s\S]*lexiscope start/],
    [["search", "whale"], 4, /there is no atlas yet/],
    [["generate", "x", "--edit", "clamp:1"], 2, /clamp needs a value/],
    [["generate", "x", "--edit", "twist:1=2"], 2, /no operation/],
    [["forward"], 2, /there is no text/],
    [["model", "./no-such.gguf"], 4, /there is no model/],
    [["remove", "nothing", "--yes"], 4, /there is nothing called/],
    [["bench", "--peers"], 2, /--python/],
  ];

  test.each(mistakes)("%j is named, with its exit code and no stack", async (args, exitCode, words) => {
    const env = { LEXISCOPE_PYTHON: undefined };
    const { code, stdout, stderr } = await lexiscope(args, { home, env });
    expect(stderr).toMatch(words);
    expect(code).toBe(exitCode);
    expect(stderr).not.toMatch(/\n\s+at .*:\d+/);
    expect(stdout).toBe("");
  });

  test.each(mistakes)("%j with --json is one JSON line", async (args, exitCode, words) => {
    const run = await lexiscope([...args, "--json"], { home, env: { LEXISCOPE_PYTHON: undefined } });
    expect(run.code).toBe(exitCode);
    expect(run.lines()).toHaveLength(1);
    const error = cliErrorSchema.parse(run.last());
    expect(`${error.message}\n${error.hint}`).toMatch(new RegExp(words.source.split("[\\s\\S]")[0] ?? ""));
    expect(run.stderr).toBe("");
  });

  test("a second spelling of an option is offered", async () => {
    expect((await lexiscope(["harvest", "--token", "3k"], { home })).stderr).toMatch(/Did you mean --tokens/);
  });
});

test("a reader that goes away early ends it quietly", async () => {
  const child = spawn(process.execPath, [join(root, "lexiscope"), "help"], {
    env: { ...process.env, LEXISCOPE_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  child.stdout.destroy();
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("it can be called by another name from another folder", async () => {
  const { code, stdout } = await lexiscope(["list"], { home, cwd: tmpdir() });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("lexiscope start") });
});
