import { expect, test } from "vitest";
import { isOffensive } from "./offensive.ts";

test("listed words are found whole, with their endings, in any case", () => {
  for (const text of ["what the FUCK", "shitty", " porn", "a rapist"]) expect(isOffensive(text)).toBe(true);
});

test("words that merely hold one are left alone", () => {
  for (const text of ["Scunthorpe", "classic analysis", "peacock", "grape", "therapist", "Dickens", "cucumber", ""])
    expect(isOffensive(text)).toBe(false);
});
