/** What a secret goes by, in a variable, a flag, a header, a member or a parameter, whatever stands before it: `DB_PASSWORD`, `--api-key`. */
const NAME =
  "(?:pass(?:word|wd|phrase)|pwd|secret(?:[_-]?(?:access[_-]?)?key(?:[_-]base)?)?|token|(?:api|access|private|account)[_-]?key|credentials|signature)";
/** Between a name and its value, also where the quotes are escaped. */
const SEPARATOR = String.raw`(?:\\*["'])?\s*[:=]\s*`;
/** What stands for a secret and is none: a variable, or a command that gives it (`$TOKEN`). */
const NO_SECRET = String.raw`(?![$\x60])`;
/** A value up to its quote, which stays, or up to what ends it. */
const VALUE = String.raw`(?:(\\*")${NO_SECRET}[^"\\]{1,4096}|(')[^']{1,4096}|${NO_SECRET}[^\s"'\\&;,})]{4,})`;
const SCHEME = "(?:bearer|basic|token|digest|negotiate)";
/** The target of a TokenRequest as findings and suppressions write it: what follows is a namespace, which has no capital letters and no more than 63 characters. */
const TARGET = String.raw`(?<=\bserviceaccounts/)token [a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?![\w.~+/=-])`;
const inAnyCase = (pattern: string): string =>
  pattern.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);

/** Secrets that stand in requests: tokens, keys, passwords, signatures. Each pattern keeps what tells what it was; all are linear in the text. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[private key]"],
  [/\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?/g, "[token]"],
  [/\b(k8s-aws-v1\.)[\w-]{8,}/g, "$1[token]"],
  // As their issuers mark them: GitHub, GitLab, Slack, Vault, Stripe, npm, Google, STS, the metadata service.
  [
    /\b(gh[oprsu]_|github_pat_|glpat-|xox[abeprs]-|hv[bs]\.|[rs]k_live_|npm_|AIza|IQoJb3JpZ2lu|F[Qw]oGZXIvYXdz|AQAEA)[\w./+=-]{12,}/g,
    "$1[token]",
  ],
  [new RegExp(String.raw`\b(?!${TARGET})(${inAnyCase(SCHEME)})\s+[\w.~+/=-]{8,}`, "g"), "$1 [redacted]"],
  [/\b((?:set-)?cookie\s*:\s*)[^"'\n\u2028]{4,}/gi, "$1[redacted]"],
  [
    new RegExp(
      String.raw`\b((?:authorization|private-token|x-aws-ec2-metadata-token)${SEPARATOR}(?:\\*["'])?)(?!${SCHEME}\b)${NO_SECRET}[^\s"'&]{4,}`,
      "gi",
    ),
    "$1[redacted]",
  ],
  // The ARN of a secret names it.
  [new RegExp(`(?<!:)(${NAME}${SEPARATOR})${VALUE}`, "gi"), "$1$2$3[redacted]"],
  // A flag and the word behind it, also in a list.
  [
    new RegExp(
      String.raw`(?<![\w-])(--?(?:[a-z]{1,20}-){0,3}${NAME}(?:\s+["']?|\\*["']\s*,\s*\\*["']))(?!-)${NO_SECRET}[^\s"']{4,}`,
      "gi",
    ),
    "$1[redacted]",
  ],
  [/(\bconfigure\s+set\s+[\w.-]{0,80}(?:secret|token)[\w.-]{0,80}\s+)\S{4,}/gi, "$1[redacted]"],
  // Whose `-p` or `-a` is a password.
  [
    /\b((?:mysql|mysqldump|mysqladmin|mariadb|sshpass|redis-cli|login)\b[^|;&\n]{0,200}?\s-[ap]\s?)(?![-$`/\s])\S{4,}/g,
    "$1[redacted]",
  ],
  [/((?:^|\s)(?:-u|--user|--proxy-user)[\s=]+["']?[^\s:"'/]{1,256}:)(?![$`])[^\s"'/]+/g, "$1[redacted]"],
  [/(\b[a-z][\w+.-]{0,20}:\/\/[^\s:/@]*:)[^\s@/]+(@)/gi, "$1[redacted]$2"],
  [/(\b[a-z][\w+.-]{0,20}:\/\/)[^\s:/@]{12,}(@)/gi, "$1[redacted]$2"],
  // A variable or a header of a manifest that is part of a text.
  [
    new RegExp(
      String.raw`("name\\*"\s*:\s*\\*"[^"\\]{0,256}(?:${NAME}|authorization|cookie)\\*"\s*,\s*\\*"value\\*"\s*:\s*\\*")[^"\\]+`,
      "gi",
    ),
    "$1[redacted]",
  ],
];

/** A part of whatever the patterns find: most texts hold none, and are spared them. */
const SUSPECT =
  /pass|pwd|secret|token|key|credentials|signature|cookie|authorization|bearer|basic|digest|negotiate|eyJ|k8s-aws|gh[oprsu]_|github_pat|glpat|xox|hv[bs]\.|k_live|npm_|AIza|IQoJ|oGZX|AQAEA|@|-u|redis|login|mysql|mariadb/i;

const SECRET_NAME = new RegExp(`(?:${NAME}|authorization|cookie)$`, "i");
/** What the API server remarks on a token: it names the owner. */
const REMARK = "authentication.k8s.io/";

/** True for the name of a variable, header, parameter or member whose value is a secret. */
export const namesSecret = (name: string): boolean => SECRET_NAME.test(name) && !name.startsWith(REMARK);

/** The text with its secrets replaced, as far as they stand there plainly. */
export function hideSecrets(text: string): string {
  if (!SUSPECT.test(text)) return text;
  let out = text;
  for (const [pattern, replacement] of SECRETS) out = out.replace(pattern, replacement);
  return out;
}
