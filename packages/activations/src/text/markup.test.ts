import { expect, test } from "vitest";
import { textOfPage, textOfReadme } from "./markup.ts";

test("headings and paragraphs of a page, entities read", () => {
  const page =
    "<html><head><title>no</title></head><body><h1>Rights</h1><p>All &amp; each&#x2019;s <em>own</em>\n life</p><ol><li>a</li></ol></body></html>";
  expect(textOfPage(page)).toBe("Rights\n\nAll & each’s own life\n\na");
});

test("an entity out of range is no character", () => {
  expect(textOfPage("<body><p>&#x110000;&unknown;</p></body>")).toBe("\ufffd&unknown;");
});

test("a README keeps prose and code, not what all of them share", () => {
  const readme =
    '<!--\n@license\n-->\n\n# Title\n\n<section class="usage">\n\n```javascript\nvar x = 1;\n```\n\n</section>\n\n<!-- /.usage -->\n\n[link]: https://example.org\n\n## License\n\nApache';
  expect(textOfReadme(readme)).toBe("# Title\n\n```javascript\nvar x = 1;\n```");
});
