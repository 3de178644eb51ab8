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

test("a program gets one JSON line", () => {
  const stdout = capture(process.stdout);
  expect(reportError(new LexiscopeError("not_found", "no atlas", { field: "atlas" }), { json: true })).toBe(4);
  expect(JSON.parse(stdout.text())).toEqual({ type: "error", code: "not_found", message: "no atlas", field: "atlas" });
});

test("whatever is thrown after Ctrl-C is a stop, with the way on", () => {
  const stderr = capture(process.stderr);
  expect(reportError(new Error("broken pipe"), { json: false, stopped: true, stopHint: "run it again" })).toBe(130);
  expect(stderr.text()).toBe("stopped\n  run it again\n");
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
