import type { DoctorResult } from "@lexiscope/contract";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

type Tool = DoctorResult["tools"][number];

const wanted: readonly {
  name: string;
  commands: readonly (readonly [command: string, ...args: string[]])[];
  neededFor: string;
  required: boolean;
  howToGet: string;
}[] = [
  {
    name: "npm",
    commands: [["npm", "--version"]],
    neededFor: "the built-in text and updates",
    required: true,
    howToGet: "It comes with Node: https://nodejs.org.",
  },
  {
    name: "Rust",
    commands: [["cargo", "--version"]],
    neededFor: "building the native core after an update",
    required: false,
    howToGet: "https://rustup.rs",
  },
  {
    name: "Python with pip",
    commands: [
      ["python3", "-m", "pip", "--version"],
      ["python", "-m", "pip", "--version"],
    ],
    neededFor: "fetching the built-in model once",
    required: false,
    howToGet: "Debian, Ubuntu: apt-get install python3-pip; elsewhere https://python.org.",
  },
  {
    name: "Chromium",
    commands: [
      ["chromium", "--version"],
      ["chromium-browser", "--version"],
      ["google-chrome", "--version"],
    ],
    neededFor: "tests of pages",
    required: false,
    howToGet: "Debian: apt-get install chromium.",
  },
];

const run = promisify(execFile);

/** Looks for the programs that Lexiscope can use. */
export async function findTools(): Promise<Tool[]> {
  return Promise.all(
    wanted.map(async ({ commands, ...tool }) => {
      for (const [command, ...args] of commands) {
        const found = await firstLine(command, args);
        if (found !== undefined) return { ...tool, found };
      }
      return { ...tool, found: null };
    }),
  );
}

async function firstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, [...args], { timeout: 10_000, shell: process.platform === "win32" });
    return stdout
      .trim()
      .split("\n")[0]
      ?.replace(/ from .*$/, "");
  } catch {
    return undefined;
  }
}
