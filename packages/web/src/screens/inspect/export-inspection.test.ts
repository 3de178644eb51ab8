import { expect, test } from "vitest";
import { csvText, curlText } from "./export-inspection.ts";

test("the command quotes what a shell would read", () => {
  const text = curlText({ atlas: "first", text: "it's $HOME `x`", top: 10 }, { origin: "http://127.0.0.1:4873", signIn: false });
  expect(text).toBe(
    `curl http://127.0.0.1:4873/api/inspect \\\n  -H 'content-type: application/json' \\\n  -d '{"atlas":"first","text":"it'\\''s $HOME \`x\`","top":10}'`,
  );
  expect(curlText({ atlas: "first", text: "x" }, { origin: "http://h", signIn: true })).toContain(
    '"authorization: Bearer $LEXISCOPE_TOKEN"',
  );
});

test("the table has a row a token, with quotes where they are needed", () => {
  const feature = { index: 5, activation: 2, share: 0.25, topToken: "x" };
  const base = { model: "m", cpuPath: "c", atlas: "first", site: "s", pinned: [], names: {}, milliseconds: 1, warnings: [] };
  const tokens = [
    { id: 1, text: 'a"b,', position: 0, leftOut: "position 0" as const, error: null, active: 0, features: [] },
    { id: 2, text: "\n", position: 1, leftOut: null, error: 0.5, active: 1, features: [feature] },
  ];
  expect(csvText({ ...base, tokens }, [{ index: 9, maximum: 4, activations: [0, 3] }])).toBe(
    "position,token,left_out,error_share,active,activation_9,top_feature_1,top_activation_1,top_share_1\r\n" +
      '0,"a""b,",position 0,,0,0,,,\r\n' +
      `1,"'\n",,0.5,1,3,5,2,0.25\r\n`,
  );
});

test("no spreadsheet takes a token for a formula, and numbers stay numbers", () => {
  const base = { model: "m", cpuPath: "c", atlas: "first", site: "s", pinned: [], names: {}, milliseconds: 1, warnings: [] };
  const tokens = ['=HYPERLINK("x")', "+1", "-1", "@SUM", "\t=", " =1"].map((text, position) => ({
    id: 1,
    text,
    position,
    leftOut: null,
    error: -0.5,
    active: 0,
    features: [],
  }));
  expect(
    csvText({ ...base, tokens }, [])
      .split("\r\n")
      .slice(1, -1),
  ).toEqual([`0,"'=HYPERLINK(""x"")",,-0.5,0`, "1,'+1,,-0.5,0", "2,'-1,,-0.5,0", "3,'@SUM,,-0.5,0", "4,'\t=,,-0.5,0", "5, =1,,-0.5,0"]);
});
