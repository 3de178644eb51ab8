import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { lexiscopeHome, resolveRef } from "./home.ts";

afterEach(() => vi.unstubAllEnvs());

test("LEXISCOPE_HOME comes first, then the user's cache folder", () => {
  expect(lexiscopeHome({ LEXISCOPE_HOME: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
  expect(lexiscopeHome({ XDG_CACHE_HOME: "/b" })).toBe(join("/b", "lexiscope"));
});

test("a name is on its shelf, a path is a path, and nothing is neither", () => {
  vi.stubEnv("LEXISCOPE_HOME", "/home");
  expect(resolveRef("stores", "first")).toBe(join("/home", "stores", "first"));
  expect(resolveRef("stores", "./first")).toBe("./first");
  expect(resolveRef("stores", ".")).toBe(".");
  for (const empty of ["", " "]) expect(() => resolveRef("stores", empty)).toThrow("the name is empty");
});
