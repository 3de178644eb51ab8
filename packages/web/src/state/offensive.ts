/**
 * A heuristic, no judgement: whole words (with common endings) of a short list of English profanity, slurs and sexual
 * violence. It misses what it does not list and what needs context, and it flags quotations and names alike.
 */
const stems =
  "arsehole|asshole|bastard|bitch|blowjob|bollocks|bullshit|clit|coon|cunt|darkie|dildo|dyke|fag|faggot|fuck|gangbang|gook|handjob|hentai|incest|kike|molest|motherfuck|nazi|negro|nigga|nigger|paki|piss|porn|pussy|rape|rapist|retard|shit|slut|spic|tosser|tranny|twat|wank|wetback|whore";

const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${stems})(?:s|es|ed|d|er|ers|ing|y|ty|ies|o|ographic|ography)?(?![\\p{L}\\p{N}])`, "iu");

/** Whether a text holds one of the listed words. */
export function isOffensive(text: string): boolean {
  return pattern.test(text);
}
