import { LexiscopeError } from "@lexiscope/core";
import { expect, it } from "vitest";
import { fromWire, toProcess, toWire } from "./wire-error.ts";

it("an error of ours crosses whole", () => {
  const error = new LexiscopeError("mismatch", "another model", { field: "atlas", file: "a.json", hint: "name another" });
  expect(toProcess(error)).toEqual({ code: "mismatch", message: "another model", field: "atlas", file: "a.json", hint: "name another" });
  expect(fromWire(toProcess(error)).toJSON()).toEqual(error.toJSON());
});

it("of any other the outside hears nothing, the log all", () => {
  const error = new TypeError("cannot read /home/somebody/secret");
  const sent = structuredClone(toProcess(error));
  expect(sent).toMatchObject({ code: "internal", detail: expect.stringContaining("/home/somebody/secret") as unknown });
  const received = fromWire(sent);
  for (const said of [toWire(error), toWire(received), received.toJSON()])
    expect([said, JSON.stringify(said)]).toEqual([expect.objectContaining({ code: "internal" }), expect.not.stringContaining("secret")]);
  expect(String((received.cause as Error).message)).toContain("wire-error.test");
});

it("what was stopped is no fault", () => {
  expect(toWire(new DOMException("x", "AbortError"))).toEqual({ code: "aborted", message: "stopped" });
});
