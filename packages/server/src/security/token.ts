import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LexiscopeError, sha256 } from "@lexiscope/core";

/** A shorter one can be guessed in spite of the limit on tries. */
const minLength = 16;
const maxLength = 1024;

/** A token that nobody guesses. */
export function makeToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Refuses a token that is too short or that no header can carry. */
export function checkToken(token: string): void {
  if (token.length >= minLength && token.length <= maxLength && /^[\x21-\x7e]+$/.test(token)) return;
  throw new LexiscopeError("invalid_input", `the token must have ${minLength} to ${maxLength} visible ASCII characters`, {
    field: "token",
    hint: "leave it out to have one made",
  });
}

/** What the cookie holds: made from the token, so that the token itself is kept in no browser. */
export function sessionOf(token: string): string {
  return createHmac("sha256", token).update("lexiscope sign-in").digest("base64url");
}

/** Equal, in a time that tells nothing about where they differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}
