import { LexiscopeError } from "@lexiscope/core";
import { afterEach, expect, test, vi } from "vitest";
import { reportError } from "./report-error.ts";

const capture = (stream: NodeJS.WriteStream): { text: () => string } => {
  let text = "";
  vi.spyOn(stream, "write").mockImplementation((part) => {
    text += String(part);
    return true;
  });
  return { text: () => text };
};
afterEach(() => vi.restoreAllMocks());

test("a person gets message, file and hint, and no stack", () => {
  const stderr = capture(process.stderr);
  const code = reportError(new LexiscopeError("bad_file", "the header is cut short", { file: "x.gguf", hint: "get it again" }), {
    json: false,
  });
  expect(code).toBe(3);
  expect(stderr.text()).toBe("error: the header is cut short\n  in x.gguf\n  get it again\n");
});

test("control characters out of a damaged file do not reach the terminal", () => {
  const stderr = capture(process.stderr);
  reportError(new LexiscopeError("bad_file", "the key \x1b[2Jx\0 is twice there\nand more"), { json: false });
  expect(stderr.text()).toContain("error: the key \\x1b[2Jx\\x00 is twice there\nand more\n");
});

test("a program gets one JSON line", () => {
  const stdout = capture(process.stdout);
  expect(reportError(new LexiscopeError("unsupported", "no such kind", { field: "atlas" }), { json: true })).toBe(5);
  expect(JSON.parse(stdout.text())).toEqual({ type: "error", code: "unsupported", message: "no such kind", field: "atlas" });
});

test("whatever is thrown after Ctrl-C is a stop, with the way on", () => {
  const stderr = capture(process.stderr);
  expect(reportError(new Error("broken pipe"), { json: false, stopped: true, stopHint: "run it again" })).toBe(130);
  expect(stderr.text()).toBe("stopped\n  run it again\n");
});

test("what fails while stopping is said as what it is", () => {
  const stderr = capture(process.stderr);
  expect(reportError(new LexiscopeError("environment", "the disk is full"), { json: false, stopped: true, stopHint: "run it again" })).toBe(
    7,
  );
  expect(stderr.text()).toContain("the disk is full");
});

test("an error that names no way on gets the usual one of its kind", () => {
  const stdout = capture(process.stdout);
  reportError(new LexiscopeError("bad_file", "tensor x holds NaN"), { json: true });
  expect(JSON.parse(stdout.text())).toMatchObject({ hint: expect.stringContaining("again") });
});

test("a fault of ours says so", () => {
  const stderr = capture(process.stderr);
  expect(reportError(new TypeError("x is undefined"), { json: false })).toBe(70);
  expect(stderr.text()).toContain("fault of Lexiscope");
});

test("a missing file is the user's", () => {
  capture(process.stderr);
  expect(
    reportError(Object.assign(new Error("ENOENT: no such file, open 'a.txt'"), { code: "ENOENT", path: "a.txt" }), { json: false }),
  ).toBe(4);
});
