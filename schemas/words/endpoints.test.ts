// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointMentions } from "./endpoints.ts";

type Row = readonly [sentence: string, words: readonly string[], expected: string];

/** `endpoint how confidence word` of the surest mention, or "" when there is none. */
function surest(words: readonly string[]): string {
  const [first] = endpointMentions(words);
  return first === undefined ? "" : `${first.endpoint} ${first.how} ${first.confidence} ${first.word}`;
}

const sh = (script: string): readonly string[] => ["sh", "-c", script];

const IMDS = "169.254.169.254";
const AGENT = "169.254.170.23";

const plainRows: readonly Row[] = [
  ["the address in a URL", ["curl", `http://${IMDS}/`], `imds address high ${IMDS}`],
  ["the address alone, as curl takes a host without a scheme", ["curl", IMDS], `imds address high ${IMDS}`],
  ["the address as an argument of netcat", ["nc", IMDS, "80"], `imds address high ${IMDS}`],
  ["the address with a port", ["wget", `${IMDS}:80/x`], `imds address high ${IMDS}`],
  ["the address behind userinfo", ["curl", `http://example.com@${IMDS}/`], `imds address high ${IMDS}`],
  ["an absolute name's trailing dot, which resolvers drop", ["curl", `http://${IMDS}./`], `imds address high ${IMDS}`],
  ["bash's own TCP", ["bash", "-c", `exec 3<>/dev/tcp/${IMDS}/80`], `imds address high ${IMDS}`],
  ["curl's own resolution", ["curl", "--resolve", `a.example:80:${IMDS}`, "a.example"], `imds address high ${IMDS}`],
  ["an option and its value in one word", ["curl", `-x${IMDS}:80`, "http://a"], `imds address high ${IMDS}`],
  ["a python one-liner", ["python3", "-c", `u.urlopen('http://${IMDS}/x')`], `imds address high ${IMDS}`],
  ["a perl one-liner", ["perl", "-e", `IO::Socket::INET->new("${IMDS}:80")`], `imds address high ${IMDS}`],
  ["an environment variable of a pod", [`ENDPOINT=http://${IMDS}`], `imds address high ${IMDS}`],
  ["the Pod Identity agent", ["curl", `http://${AGENT}/v1/credentials`], `pod-identity-agent address high ${AGENT}`],
  ["IPv6 in brackets", ["curl", "-g", "http://[fd00:ec2::254]/"], "imds address high fd00:ec2::254"],
  ["IPv6 in brackets, with a port", ["curl", "-g", "http://[fd00:ec2::254]:80/"], "imds address high fd00:ec2::254"],
  ["IPv6 written out", ["curl", "[FD00:EC2:0:0:0:0:0:254]"], "imds address high FD00:EC2:0:0:0:0:0:254"],
  ["IPv6 with leading zeros", ["ping6", "fd00:0ec2::0254"], "imds address high fd00:0ec2::0254"],
  ["IPv6 with a dotted tail", ["ping6", "fd00:ec2::0.0.2.84"], "imds address high fd00:ec2::0.0.2.84"],
  ["IPv6 with a zone", ["ping6", "fd00:ec2::254%eth0"], "imds address high fd00:ec2::254"],
  ["IPv6 at the end of --resolve", ["curl", "--resolve", "a:80:fd00:ec2::254"], "imds address high fd00:ec2::254"],
  ["the agent's IPv6", ["curl", "http://[fd00:ec2::23]/"], "pod-identity-agent address high fd00:ec2::23"],
  ["IPv4-mapped", ["curl", `http://[::ffff:${IMDS}]/`], `imds address high ::ffff:${IMDS}`],
  ["IPv4-mapped in hexadecimal", ["curl", "http://[::FFFF:A9FE:A9FE]/"], "imds address high ::FFFF:A9FE:A9FE"],
  [
    "IPv4-mapped written out",
    ["curl", "[0:0:0:0:0:ffff:a9fe:aa17]"],
    "pod-identity-agent address high 0:0:0:0:0:ffff:a9fe:aa17",
  ],
  ["IPv4-compatible", ["curl", "http://[::a9fe:a9fe]/"], "imds address high ::a9fe:a9fe"],
  ["NAT64", ["curl", "http://[64:ff9b::a9fe:a9fe]/"], "imds address high 64:ff9b::a9fe:a9fe"],
  [
    "NAT64 with a dotted tail",
    ["curl", `http://[64:ff9b::${AGENT}]/`],
    `pod-identity-agent address high 64:ff9b::${AGENT}`,
  ],
  ["one decimal number as the host of a URL", ["curl", "http://2852039166/x"], "imds number high 2852039166"],
  ["one decimal number behind userinfo", ["curl", "http://a:b@2852039166"], "imds number high 2852039166"],
  ["one decimal number in bash's TCP", ["bash", "-c", "cat </dev/tcp/2852039166/80"], "imds number high 2852039166"],
  ["one decimal number in socat", ["socat", "-", "TCP:2852039166:80"], "imds number high 2852039166"],
  ["one decimal number as a word", ["nc", "2852039166", "80"], "imds number medium 2852039166"],
  ["one decimal number with a port", ["curl", "2852039166:80"], "imds number medium 2852039166"],
  ["one decimal number as the value of an option", ["curl", "--url=2852039166"], "imds number medium 2852039166"],
  ["the agent as one decimal number", ["curl", "http://2852039191"], "pod-identity-agent number high 2852039191"],
  ["one hexadecimal number", ["curl", "http://0xa9fea9fe/"], "imds number high 0xa9fea9fe"],
  ["one hexadecimal number, upper case", ["curl", "http://0XA9FEA9FE/"], "imds number high 0XA9FEA9FE"],
  ["one octal number", ["curl", "http://025177524776/"], "imds number high 025177524776"],
  ["a hexadecimal number in code", ["python3", "-c", "pack('!I',0xa9fea9fe)"], "imds number medium 0xa9fea9fe"],
  ["dotted hexadecimal", ["curl", "http://0xA9.0xFE.0xA9.0xFE/"], "imds number high 0xA9.0xFE.0xA9.0xFE"],
  ["dotted octal", ["curl", "http://0251.0376.0251.0376/"], "imds number high 0251.0376.0251.0376"],
  ["octal padded with zeros", ["curl", "http://0000251.254.169.254/"], "imds number high 0000251.254.169.254"],
  ["two parts", ["curl", "http://169.16689662/"], "imds number high 169.16689662"],
  ["three parts", ["curl", "http://169.254.43518/"], "imds number high 169.254.43518"],
  ["parts in different bases", ["curl", "http://0xa9.254.0251.254/"], "imds number high 0xa9.254.0251.254"],
  [
    "zero-padded decimal parts, as Java reads them",
    ["java", "A", "169.254.169.0254"],
    "imds number low 169.254.169.0254",
  ],
  [
    "EC2's name for the service",
    ["curl", "http://instance-data.ec2.internal/"],
    "imds name high instance-data.ec2.internal",
  ],
  ["EC2's name in another case", ["nc", "INSTANCE-DATA.EC2.INTERNAL."], "imds name high INSTANCE-DATA.EC2.INTERNAL"],
  ["EC2's short name in a URL", ["curl", "http://instance-data/"], "imds name high instance-data"],
  ["EC2's short name as a word", ["nslookup", "instance-data"], "imds name low instance-data"],
  ["wildcard DNS with dots", ["curl", `http://${IMDS}.nip.io/`], `imds name high ${IMDS}.nip.io`],
  ["wildcard DNS with dashes", ["curl", "169-254-169-254.sslip.io"], "imds name high 169-254-169-254.sslip.io"],
  ["wildcard DNS with a prefix", ["curl", "app-169-254-169-254.nip.io"], "imds name high app-169-254-169-254.nip.io"],
  ["wildcard DNS in hexadecimal", ["curl", "http://a9fea9fe.nip.io/"], "imds name high a9fea9fe.nip.io"],
  ["wildcard DNS of the agent", ["curl", "http://a9feaa17.nip.io/"], "pod-identity-agent name high a9feaa17.nip.io"],
  ["wildcard DNS with IPv6", ["curl", "http://fd00-ec2--254.sslip.io/"], "imds name high fd00-ec2--254.sslip.io"],
  [
    "wildcard DNS under somebody's own zone",
    ["curl", `${IMDS}.xip.example.com`],
    `imds name low ${IMDS}.xip.example.com`,
  ],
  ["a rebinding name", ["curl", "a9fea9fe.7f000001.rbndr.us"], "imds name high a9fea9fe.7f000001.rbndr.us"],
  [
    "a path under another host",
    ["curl", "http://m.example.com/latest/meta-data/iam"],
    "imds path medium /latest/meta-data",
  ],
  ["the token's path", ["curl", "-X", "PUT", "http://$H/latest/api/token"], "imds path medium /latest/api/token"],
  ["user data", ["wget", "http://$H/latest/user-data"], "imds path medium /latest/user-data"],
  ["the identity document", ["wget", "$H/latest/dynamic/instance-identity/"], "imds path medium /latest/dynamic/"],
  ["an old version", ["curl", "$H/1.0/meta-data/"], "imds path medium /1.0/meta-data"],
  ["a dated version", ["curl", "$H/2021-07-15/meta-data/"], "imds path medium /2021-07-15/meta-data"],
  ["slashes and dots that servers drop", ["curl", "$H//latest/.//meta-data"], "imds path medium /latest/meta-data"],
  ["a detour that curl squashes", ["curl", "$H/latest/x/../meta-data"], "imds path medium /latest/meta-data"],
  ["the header of IMDSv2", ["curl", "-H", "X-aws-ec2-metadata-token: AQ"], "imds name medium X-aws-ec2-metadata-token"],
  [
    "the header that asks for a token",
    ["curl", "-H", "x-aws-ec2-metadata-token-ttl-seconds: 60"],
    "imds name medium x-aws-ec2-metadata-token-ttl-seconds",
  ],
  [
    "the token of Pod Identity",
    ["cat", "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"],
    "pod-identity-agent path high /var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
  ],
  [
    "the same below /run",
    ["ls", "/run/secrets/pods.eks.amazonaws.com"],
    "pod-identity-agent path high /run/secrets/pods.eks.amazonaws.com",
  ],
  ["the token by its name", sh("cat */eks-pod-identity-token"), "pod-identity-agent path high eks-pod-identity-token"],
  ["its directory by a glob", ["ls", "/run/secrets/pods*/"], "pod-identity-agent path medium secrets/pods*/"],
  [
    "the variable that holds the agent's URL",
    sh("curl $AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "pod-identity-agent variable medium AWS_CONTAINER_CREDENTIALS_FULL_URI",
  ],
  [
    "the variable that names the token's file",
    sh('cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"'),
    "pod-identity-agent variable medium AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  ],
];

const rewrittenRows: readonly Row[] = [
  [
    "a URL with an encoded digit, which curl decodes",
    ["curl", "http://%3169.254.169.254/"],
    `imds encoded medium ${IMDS}`,
  ],
  ["a URL encoded twice", ["curl", "http://%253169.254.169.254/"], `imds encoded medium ${IMDS}`],
  [
    "full-width digits, which IDNA maps",
    ["curl", "http://１６９。２５４。１６９。２５４/"],
    `imds encoded medium ${IMDS}`,
  ],
  ["characters that IDNA ignores", ["curl", "http://16\u00ad9.254.169\u200b.254/"], `imds encoded medium ${IMDS}`],
  ["base64 for a shell", sh("echo Y3VybCAxNjkuMjU0LjE2OS4yNTQ= | base64 -d | sh"), `imds encoded medium ${IMDS}`],
  ["base64 without padding", sh("echo Y3VybCAxNjkuMjU0LjE2OS4yNTQ | base64 -d"), `imds encoded medium ${IMDS}`],
  [
    "base64 in base64",
    sh(`echo ${btoa(btoa(`curl http://${IMDS}/`))}|base64 -d|base64 -d`),
    `imds encoded medium ${IMDS}`,
  ],
  [
    "url-safe base64",
    ["python3", "-c", `d('${btoa(`~~?>${IMDS}?`).replaceAll("/", "_").replaceAll("+", "-")}')`],
    `imds encoded medium ${IMDS}`,
  ],
  [
    "base64 of a script with bytes that are no text",
    sh(`echo ${btoa(`#\xff\xfe\ncurl ${IMDS}`)}`),
    `imds encoded medium ${IMDS}`,
  ],
  ["base32", sh("echo GE3DSLRSGU2C4MJWHEXDENJU | base32 -d | xargs curl"), `imds encoded medium ${IMDS}`],
  ["base64 of UTF-16", ["pwsh", "-enc", btoa(`curl ${IMDS}`.replaceAll(/./g, "$&\0"))], `imds encoded medium ${IMDS}`],
  [
    "base64 of the host only, in its place",
    sh(`curl http://$(echo ${btoa(IMDS)}|base64 -d)/`),
    `imds encoded medium ${IMDS}`,
  ],
  ["base64 behind a path", ["curl", `https://x/y/${btoa(`curl http://${IMDS}/`)}`], `imds encoded medium ${IMDS}`],
  ["hexadecimal for xxd", sh("echo 3136392e3235342e3136392e323534 | xxd -r -p"), `imds encoded medium ${IMDS}`],
  [
    "hexadecimal with blanks",
    sh("echo 31 36 39 2e 32 35 34 2e 31 36 39 2e 32 35 34 | xxd -r -p"),
    `imds encoded medium ${IMDS}`,
  ],
  ["hexadecimal escapes", sh("printf '\\x31\\x36\\x39.254.169.254'"), `imds encoded medium ${IMDS}`],
  ["octal escapes", sh("printf '\\061\\066\\071.254.169.254'"), `imds encoded medium ${IMDS}`],
  ["unicode escapes", ["node", "-e", "get('\\u0031\\u{36}9.254.169.254')"], `imds encoded medium ${IMDS}`],
  [
    "escapes behind two backslashes",
    ["sh", "-c", 'printf "\\\\x31\\\\x369.254.169.254"'],
    `imds encoded medium ${IMDS}`,
  ],
  ["a line break before the host", sh(`printf 'a\\n${IMDS}'`), `imds encoded medium ${IMDS}`],
  [
    "characters by decimal number",
    ["python3", "-c", "chr(49)+chr(54)+chr(57)+chr(46)+chr(50)+chr(53)+chr(52)"],
    "imds encoded low 169.254",
  ],
  [
    "characters by number, in a list",
    ["node", "-e", "String.fromCharCode(49,54,57,46,50,53,52,46,49,54,57,46,50,53,52)"],
    `imds encoded medium ${IMDS}`,
  ],
  ["part of the address in escapes", sh("printf '\\x31\\x36\\x39\\x2e\\x32\\x35\\x34'"), "imds encoded low 169.254"],
  [
    "part of the agent's address in escapes",
    sh("printf '\\x31\\x36\\x39\\x2e254.170'"),
    "pod-identity-agent encoded low 169.254.170",
  ],
  ["the address backwards", sh("curl $(echo 452.961.452.961 | rev)"), `imds encoded medium ${IMDS}`],
  ["the address backwards in python", ["python3", "-c", "u('452.961.452.961'[::-1])"], `imds encoded medium ${IMDS}`],
  [
    "base64 backwards",
    sh(`echo ${[...btoa(`curl ${IMDS}`)].reverse().join("")} | rev | base64 -d`),
    `imds encoded medium ${IMDS}`,
  ],
  ["double quotes inside a word", sh('curl 16"9".254.169.254'), `imds assembled medium ${IMDS}`],
  ["single quotes inside a word", sh("curl 16''9.254.169.254"), `imds assembled medium ${IMDS}`],
  ["a backslash inside a word", sh("curl 1\\69.254.169.254"), `imds assembled medium ${IMDS}`],
  ["a line continuation", sh("curl 169.254.\\\n169.254"), `imds assembled medium ${IMDS}`],
  ["ANSI-C quotes", sh("curl $'\\61\\x36'9.254.169.254"), `imds assembled medium ${IMDS}`],
  [
    "an apostrophe in a comment before the quotes",
    sh("# don't\ncurl 16'9'.254.169.254"),
    `imds assembled medium ${IMDS}`,
  ],
  ["a variable", sh("A=169.254; curl http://$A.169.254/"), `imds assembled medium ${IMDS}`],
  ["a variable in braces", sh("A=169.254; curl http://${A}.${A}/"), `imds assembled medium ${IMDS}`],
  ["a variable of a variable", sh("A=169; B=$A.254; curl $B.$B"), `imds assembled medium ${IMDS}`],
  ["a variable that grows", sh("A=169; A+=.254; curl $A.$A"), `imds assembled medium ${IMDS}`],
  ["a variable assigned after its use", sh("f() { curl $A.169.254; }; A=169.254; f"), `imds assembled medium ${IMDS}`],
  ["a variable from env(1)", ["env", "A=169.254", "sh", "-c", "curl $A.169.254"], `imds assembled medium ${IMDS}`],
  ["a pod's variable in its command", ["curl", "http://$(A).169.254/", "A=169.254"], `imds assembled medium ${IMDS}`],
  ["a variable that is never assigned", sh("curl 16${x}9.254.169.254"), `imds assembled medium ${IMDS}`],
  ["parameters that are not there", sh("curl 16$@9.254.169.254"), `imds assembled medium ${IMDS}`],
  ["parameters of the script", ["sh", "-c", "curl $1.$2", "_", "169.254", "169.254"], `imds assembled medium ${IMDS}`],
  ["the blank of IFS", sh("curl${IFS}1''69.254.169.254"), `imds assembled medium ${IMDS}`],
  ["a stand-in for an unset variable", sh("curl ${A:-169}.254.169.254"), `imds assembled medium ${IMDS}`],
  ["a replacement", sh("A=169x254; curl ${A//x/.}.169.254"), `imds assembled medium ${IMDS}`],
  ["a substring", sh("A=12541; curl 169.${A:1:3}.169.254"), `imds assembled medium ${IMDS}`],
  ["an affix cut off", sh("A=254z; curl 169.${A%z}.169.254"), `imds assembled medium ${IMDS}`],
  ["arithmetic", sh("curl http://169.254.169.$((250+4))/"), `imds assembled medium ${IMDS}`],
  [
    "arithmetic with precedence and variables",
    sh("A=4; curl 169.254.169.$((A + 5*(40+10)))"),
    `imds assembled medium ${IMDS}`,
  ],
  ["arithmetic in the old style", sh("curl 169.254.169.$[2*127]"), `imds assembled medium ${IMDS}`],
  ["expr", sh("curl 169.254.169.$(expr 250 + 4)"), `imds assembled medium ${IMDS}`],
  ["echo in a substitution", sh("curl 169.254.169.$(echo 254)"), `imds assembled medium ${IMDS}`],
  ["printf in backquotes", sh("A=`printf %s 254`; curl 169.254.169.$A"), `imds assembled medium ${IMDS}`],
  ["escapes in a substitution", sh("curl 169.254.169.$(printf '\\x32\\x35\\x34')"), `imds encoded medium ${IMDS}`],
  ["a variable before a substitution", sh("A=169.254; curl $A$(printf %s .169.254)"), `imds assembled medium ${IMDS}`],
  ["a substitution of nothing", sh("curl 16$()9.254.169.254"), `imds assembled medium ${IMDS}`],
  ["braces with a list", sh("curl http://169.254.169.25{3,4}/"), `imds assembled medium ${IMDS}`],
  ["braces with a range", sh("ping 169.254.{168..170}.{253..255}"), `imds assembled medium ${IMDS}`],
  ["a shell in a shell", sh('bash -c "A=169.254; curl \\$A.169.254"'), `imds assembled medium ${IMDS}`],
  ["an f-string", ["python3", "-c", "a='169.254'\nu(f'http://{a}.169.254')"], `imds assembled medium ${IMDS}`],
  [
    "string literals side by side",
    ["python3", "-c", "u('http://1' '69.254' + '.169.254')"],
    "imds assembled low 1' '69.254' + '.169.254",
  ],
  ["string literals added", ["node", "-e", 'get("169.254."+"169.254")'], 'imds assembled low 169.254."+"169.254'],
  ["words put together by printf", sh("printf %s%s 169.254. 169.254"), "imds assembled low 169.254. 169.254"],
  ["bytes in a list", ["python3", "-c", "'.'.join(map(str,[169,254,169,254]))"], "imds assembled low 169,254,169,254"],
  [
    "bytes as arguments",
    sh("printf '%d.%d.%d.%d' 0xa9 0xfe 0xaa 0x17"),
    "pod-identity-agent assembled low 0xa9 0xfe 0xaa 0x17",
  ],
  ["bytes joined by other letters", sh("echo 169x254x169x254 | tr x ."), "imds assembled low 169x254x169x254"],
  ["bytes backwards, for tac", sh("printf '254\\n169\\n254\\n169' | tac"), "imds assembled low 254\\n169\\n254\\n169"],
  ["raw bytes", ["python3", "-c", "inet_ntoa(b'\\xa9\\xfe\\xa9\\xfe')"], "imds encoded low ©þ©þ"],
  ["hexadecimal digits without a prefix", ["python3", "-c", "fromhex('a9fea9fe')"], "imds assembled low a9fea9fe"],
  [
    "a name in pieces",
    sh("curl http://instance-'data'.ec2.internal"),
    "imds assembled medium instance-data.ec2.internal",
  ],
  ["a path in pieces", sh('curl $H/latest/meta-"data"/'), "imds assembled low /latest/meta-data"],
  [
    "the agent's token in pieces",
    sh("cat eks-pod-'identity'-token"),
    "pod-identity-agent assembled medium eks-pod-identity-token",
  ],
];

describe("it finds, as it stands,", () => {
  test.each(plainRows)("%s", (_sentence, words, expected) => expect(surest(words)).toBe(expected));
});

describe("it finds, once the words are read as the program would,", () => {
  test.each(rewrittenRows)("%s", (_sentence, words, expected) => expect(surest(words)).toBe(expected));
});

const jwt = `${btoa('{"alg":"RS256"}')}.${btoa('{"aud":["pods.eks.amazonaws.com"],"exp":1767225600}')}.c2lnbmF0dXJlc2ln`;

const quietRows: readonly (readonly [sentence: string, words: readonly string[]])[] = [
  ["a health check", ["curl", "-s", "http://localhost:8080/healthz"]],
  ["a name lookup", ["nslookup", "kubernetes.default.svc"]],
  ["an archive of a configuration", ["tar", "cf", "-", "/etc/nginx/nginx.conf"]],
  ["the environment", ["env"]],
  ["a listing", ["ls", "-la"]],
  ["a download in a build", sh("curl -sSf https://artifacts.example.com/app.tgz | tar xz")],
  ["a small number", ["sleep", "2852039"]],
  ["another link-local address", ["ping", "169.254.1.1"]],
  ["NodeLocal DNS", ["dig", "@169.254.20.10", "example.com"]],
  ["Amazon's DNS", ["dig", "@169.254.169.253", "example.com"]],
  ["Amazon's clock", ["chronyd", "server 169.254.169.123 prefer iburst"]],
  ["the endpoint of ECS tasks", ["curl", "http://169.254.170.2/v2/credentials"]],
  ["the variable of ECS tasks", sh("curl $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")],
  ["one digit more behind", ["echo", "169.254.169.2540"]],
  ["one digit more in front", ["echo", "1169.254.169.254"]],
  ["a part more behind", ["echo", "169.254.169.254.1"]],
  ["a part more in front", ["echo", "v1.169.254.169.254"]],
  ["a number of an identifier", ["job", "id=2852039166"]],
  ["a number in a list", ["echo", "[1,2852039166,3]"]],
  ["a number in JSON", ["post", '{"id":2852039166}']],
  ["a number inside a number", ["echo", "128520391661"]],
  ["a number with a fraction", ["echo", "2852039166.5"]],
  ["zero-padded octal that is another address", ["ping", "0169.254.1.1"]],
  ["an address that ends with ours after an option", ["ping", "-c", "1", "69.254.169.254"]],
  ["a documentation address of IPv6", ["curl", "http://[2001:db8::254]/"]],
  ["an IPv6 address longer than ours", ["curl", "http://[fd00:ec2::254:80]/"]],
  ["EC2's name server in IPv6", ["dig", "@fd00:ec2::253"]],
  ["a MAC address", ["ip", "link", "set", "address", "a9:fe:a9:fe:a9:fe"]],
  ["a file of that name", ["cat", "/data/instance-data.json"]],
  ["a directory of that name", ["ls", "/srv/instance-data/2024"]],
  ["a name that contains it", ["curl", "http://my-instance-data.example.com/"]],
  ["wildcard DNS of another address", ["curl", "http://192-0-2-1.nip.io/"]],
  ["a path that only begins alike", ["curl", "https://example.com/latest/meta-database"]],
  ["documentation of a latest version", ["curl", "https://docs.example.com/latest/index.html"]],
  ["credentials of another service", ["curl", "http://vault.example.com/v1/credentials"]],
  ["the audience of Pod Identity", ["kubectl", "create", "token", "--audience", "pods.eks.amazonaws.com", "x"]],
  ["a token made for Pod Identity", ["curl", "-H", `Authorization: Bearer ${jwt}`, "https://example.com"]],
  ["who am I, which other detectors judge", ["aws", "sts", "get-caller-identity"]],
  ["credentials in the environment, which other detectors judge", sh("env | grep AWS_")],
  ["base64 of ordinary text", sh(`echo ${btoa("The quick brown fox jumps over the lazy dog, 192.0.2.1")} | base64 -d`)],
  [
    "base64 of a configuration with NodeLocal DNS",
    sh(`echo ${btoa("nameserver 169.254.20.10\nsearch svc\n")} | base64 -d`),
  ],
  ["a link-local address in escapes", sh("printf '169.254.20.10\\x0a'")],
  ["the network of link-local addresses", ["ip", "route", "add", "169.254.0.0/16", "dev", "eth0"]],
  ["the network and an escape beside it", sh("grep -q '\\x31' f; ip route show 169.254")],
  ["a hash", ["git", "checkout", "3f786850e387550fdab836ed7e6dc881de23001b"]],
  [
    "a long random token",
    ["login", "hvs.CAESIJ2kq9vPz3xT0uY7wR5eQ1sD8fG6hJ4kL2zX0cV9bN7mGh4KHGh2cy5hYmNkZWZnaGlqa2xtbm9w"],
  ],
  ["a template", sh("for i in $(seq 1 9); do echo ${i%.*} $((i*2)) {a,b}; done")],
  ["no words", []],
  ["empty words", ["", ""]],
];

describe("it stays quiet on", () => {
  test.each(quietRows)("%s", (_sentence, words) => expect(endpointMentions(words)).toEqual([]));
});

describe("the mentions of one command", () => {
  test("are each told once, the surest first", () => {
    const words = sh(
      `curl http://${IMDS}/latest/meta-data/ || curl "http://${IMDS}/latest/meta-data/" || nc 2852039166 80`,
    );
    expect(endpointMentions(words)).toEqual([
      { endpoint: "imds", how: "address", word: IMDS, confidence: "high" },
      { endpoint: "imds", how: "number", word: "2852039166", confidence: "medium" },
      { endpoint: "imds", how: "path", word: "/latest/meta-data", confidence: "medium" },
    ]);
  });

  test("include the agent's path beside another mention of it", () => {
    const words = sh(`curl -H "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $A/v1/credentials`);
    expect(endpointMentions(words).map(({ how, word }) => `${how} ${word}`)).toEqual([
      "variable AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
      "path /v1/credentials",
    ]);
  });

  test("are cut at 200 characters and 32 in number", () => {
    const zeros = "0".repeat(300);
    expect(endpointMentions(["curl", `http://${zeros}251.254.169.254`])[0]?.word).toHaveLength(200);
    const flood = Array.from({ length: 60 }, (_none, index) => `http://0x${"0".repeat(index)}a9fea9fe/`);
    expect(endpointMentions(flood)).toHaveLength(32);
  });

  test("are found behind padding and before it, which is cut in the middle", () => {
    const padding = "#".repeat(300_000);
    expect(surest(sh(`${padding}\ncurl ${IMDS}`))).toBe(`imds address high ${IMDS}`);
    expect(surest(sh(`curl ${IMDS} ${padding}`))).toBe(`imds address high ${IMDS}`);
    expect(surest([...Array.from({ length: 200_000 }, () => ""), IMDS])).toBe(`imds address high ${IMDS}`);
  });
});

const byte = (value: number): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(10, 16, 8), fc.nat(3), fc.boolean()).map(([radix, zeros, upper]) => {
    if (radix === 10) return String(value);
    const digits = value.toString(radix);
    return `${radix === 16 ? "0x" : "0"}${"0".repeat(zeros)}${upper ? digits.toUpperCase() : digits}`;
  });

/** Every way in which inet_aton(3) lets one write an address: each of the first bytes, then the rest as one number. */
const spelling = (address: string): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max: 4 }).chain((parts) => {
    const bytes = address.split(".").map(Number);
    const rest = bytes.slice(parts - 1).reduce((sum, value) => sum * 256 + value, 0);
    return fc.tuple(...bytes.slice(0, parts - 1).map(byte), byte(rest)).map((spelled) => spelled.join("."));
  });

const otherAddress = fc
  .tuple(fc.constantFrom(169, 10), fc.constantFrom(254, 0), fc.nat(255), fc.nat(255))
  .map((bytes) => bytes.join("."))
  .filter((address) => address !== IMDS && address !== AGENT);

describe("whatever the words are,", () => {
  test("every spelling of an address in a URL is sure", () => {
    fc.assert(
      fc.property(spelling(IMDS), spelling(AGENT), (imds, agent) => {
        expect(endpointMentions(["curl", `http://${imds}/`])[0]).toMatchObject({
          endpoint: "imds",
          confidence: "high",
        });
        expect(endpointMentions([`http://${agent}`])[0]).toMatchObject({
          endpoint: "pod-identity-agent",
          confidence: "high",
        });
      }),
    );
  });

  test("no spelling of another address is a mention", () => {
    fc.assert(
      fc.property(otherAddress.chain(spelling), (other) => {
        // Zero-padded parts that mean another address in octal and ours in decimal are weak mentions, rightly.
        fc.pre(other.split(".").map(Number).join(".") !== IMDS);
        expect(endpointMentions(["curl", `http://${other}/`])).toEqual([]);
      }),
    );
  });

  test("quotes and backslashes anywhere in the address hide nothing", () => {
    const marks = fc.array(fc.constantFrom("", "", "''", '""', "${x}", "\\", "$()"), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(marks, (between) => {
        const split = [...IMDS].map((char, index) => `${between[index] ?? ""}${char}`).join("");
        expect(endpointMentions(sh(`curl http://${split}/`))[0]?.confidence).toMatch(/high|medium/);
      }),
    );
  });

  test("a split into two words that are no other address hides nothing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 12 }), fc.constantFrom(" ", '" + "', "', '", "\n"), (at, between) => {
        const words = sh(`x(${IMDS.slice(0, at)}${between}${IMDS.slice(at)})`);
        expect(endpointMentions(words).map(({ endpoint }) => endpoint)).toContain("imds");
      }),
    );
  });

  test("encodings of a mention are mentions, two deep", () => {
    const codes = (text: string, spell: (code: number) => string): string =>
      [...text].map((char) => spell(char.charCodeAt(0))).join("");
    const encodings: Record<string, (text: string) => string> = {
      base64: btoa,
      hexadecimal: (text) => codes(text, (code) => code.toString(16).padStart(2, "0")),
      hexEscapes: (text) => codes(text, (code) => `\\x${code.toString(16).padStart(2, "0")}`),
      octalEscapes: (text) => codes(text, (code) => `\\${code.toString(8).padStart(3, "0")}`),
      percent: (text) => codes(text, (code) => `%${code.toString(16).padStart(2, "0")}`),
      backwards: (text) => `rev ${[...text].reverse().join("")}`,
      bytes: (text) => codes(text, (code) => `${code},`),
    };
    const names = fc.constantFrom(...Object.keys(encodings));
    fc.assert(
      fc.property(names, names, (inner, outer) => {
        fc.pre(inner !== "backwards" || outer !== "backwards");
        const encoded = encodings[outer]?.(encodings[inner]?.(`curl ${IMDS}`) ?? "") ?? "";
        expect(endpointMentions(sh(`x ${encoded}`)), encoded).toContainEqual({
          endpoint: "imds",
          how: "encoded",
          word: IMDS,
          confidence: "medium",
        });
      }),
    );
  });

  test("it answers, the same each time, in order and without repetition", () => {
    const pieces = fc.constantFrom(
      ...plainRows.flatMap(([, row]) => row),
      "'",
      '"',
      "$(",
      "${",
      "\\",
      "{a,",
      "}",
      "/../",
    );
    const words = fc.array(
      fc.oneof(
        pieces,
        fc.string({ unit: "binary" }),
        fc.array(pieces).map((list) => list.join("")),
      ),
    );
    fc.assert(
      fc.property(words, (list) => {
        const mentions = endpointMentions(list);
        expect(endpointMentions(list)).toEqual(mentions);
        const ranks = mentions.map(({ confidence }) => ["high", "medium", "low"].indexOf(confidence));
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        expect(new Set(mentions.map(({ endpoint, word }) => `${endpoint} ${word}`)).size).toBe(mentions.length);
      }),
      { numRuns: 300 },
    );
  });
});
