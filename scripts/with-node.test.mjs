import { expect, test } from "vitest";
import { lexiscopeHome as homeOfCore } from "../packages/core/src/home.ts";
import { canRun, lexiscopeHome, npmReason, withoutNpmConfig } from "./with-node.mjs";

test("versions that strip types by themselves will do", () => {
  const fine = ["22.18.0", "22.21.1", "23.6.0", "24.0.0", "26.1.0"];
  const old = ["18.20.8", "20.20.2", "22.0.0", "22.17.1", "23.5.0", "21.7.3"];
  expect([...fine, ...old].filter(canRun)).toEqual(fine);
});

test("the launcher and the product keep their things in the same folder", () => {
  for (const env of [{}, { LEXISCOPE_HOME: "/x" }, { XDG_CACHE_HOME: "/y" }]) expect(lexiscopeHome(env)).toBe(homeOfCore(env));
});

test("npm's words become one reason", () => {
  expect(npmReason("npm error code ENOTFOUND\nnpm error syscall getaddrinfo\n")).toContain("no network");
  expect(npmReason("npm error code EACCES\nnpm error permission denied, mkdir '/x'\n")).toContain("permission denied");
  expect(npmReason("")).not.toBe("");
});

test("what an outer npm run set for itself is not passed on, a registry is", () => {
  expect(withoutNpmConfig({ npm_config_prefix: "/p", npm_config_workspace: "w", npm_config_registry: "r", PATH: "/b" })).toEqual({
    npm_config_registry: "r",
    PATH: "/b",
  });
});
