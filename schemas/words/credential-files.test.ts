// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shell's.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { credentialReads } from "./credential-files.ts";

const sh = (script: string): readonly string[] => ["sh", "-c", script];

const SA = "/var/run/secrets/kubernetes.io/serviceaccount";
const POD = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";
const IRSA = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
const VOLUMES = "/var/lib/kubelet/pods/8e5b/volumes/kubernetes.io~projected";

const rows: readonly (readonly [sentence: string, words: readonly string[], expected: readonly string[]])[] = [
  ["the token of the service account", ["cat", `${SA}/token`], [`service-account-token high ${SA}/token`]],
  ["the same below /run", ["cat", `${SA.slice(4)}/token`], [`service-account-token high ${SA.slice(4)}/token`]],
  ["through the kubelet's link", ["cat", `${SA}/..data/token`], [`service-account-token high ${SA}/..data/token`]],
  [
    "another container's, through /proc",
    ["cat", `/proc/1/root${SA}/token`],
    [`service-account-token high /proc/1/root${SA}/token`],
  ],
  [
    "with slashes and dots",
    ["cat", "/var//run/./secrets/x/../kubernetes.io/serviceaccount/token"],
    [`service-account-token high ${SA}/token`],
  ],
  [
    "after a change of directory",
    sh("cd /var/run; cat secrets/kubernetes.io/serviceaccount/token"),
    ["service-account-token high secrets/kubernetes.io/serviceaccount/token"],
  ],
  [
    "in a header",
    sh(`curl -H "Authorization: Bearer $(cat ${SA}/token)" https://kubernetes`),
    [`service-account-token high ${SA}/token`],
  ],
  ["all of the directory", sh(`cat ${SA}/*`), [`service-account-token high ${SA}/*`]],
  ["the directory", ["ls", SA], [`service-account-token medium ${SA}`]],
  ["the directory of all secrets", ["tar", "c", "/var/run/secrets"], ["service-account-token medium /var/run/secrets"]],
  ["all secrets", sh("ls /run/secrets/*"), ["service-account-token medium /run/secrets/*"]],
  [
    "a token on the node",
    ["cat", `${VOLUMES}/kube-api-access-x7k2p/token`],
    [
      `service-account-token high ${VOLUMES}/kube-api-access-x7k2p/token`,
      `kubelet-credentials low ${VOLUMES}/kube-api-access-x7k2p/token`,
    ],
  ],
  ["a search for tokens", ["find", "/", "-name", "*token*"], ["service-account-token low find\n/\n-name\n*token"]],
  ["the token of Pod Identity", ["cat", POD], [`pod-identity-token high ${POD}`]],
  ["that token by its name", sh("cat */eks-pod-identity-token"), ["pod-identity-token high */eks-pod-identity-token"]],
  [
    "the directory of Pod Identity",
    ["ls", "/run/secrets/pods.eks.amazonaws.com"],
    ["pod-identity-token high /run/secrets/pods.eks.amazonaws.com"],
  ],
  [
    "the variable that names its file",
    sh("cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    ["pod-identity-token medium AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
  ],
  ["the token of IRSA", ["cat", IRSA], [`irsa-token high ${IRSA}`]],
  [
    "that token on the node",
    ["cat", `${VOLUMES}/aws-iam-token/token`],
    [`irsa-token high ${VOLUMES}/aws-iam-token/token`, `kubelet-credentials low ${VOLUMES}/aws-iam-token/token`],
  ],
  [
    "the variable that names its file, of IRSA",
    sh('cat "$AWS_WEB_IDENTITY_TOKEN_FILE"'),
    ["irsa-token medium AWS_WEB_IDENTITY_TOKEN_FILE"],
  ],
  ["the AWS credentials file", sh("cat ~/.aws/credentials"), ["aws-credentials high ~/.aws/credentials"]],
  [
    "the cache of AWS sign-in",
    sh("cat /root/.aws/sso/cache/*.json"),
    ["aws-credentials high /root/.aws/sso/cache/*.json"],
  ],
  ["the AWS directory", ["tar", "c", "/home/a/.aws"], ["aws-credentials medium /home/a/.aws"]],
  [
    "the variable that names the AWS file",
    sh("cat $AWS_SHARED_CREDENTIALS_FILE"),
    ["aws-credentials medium AWS_SHARED_CREDENTIALS_FILE"],
  ],
  [
    "an export of AWS credentials",
    ["aws", "configure", "export-credentials"],
    ["aws-credentials high configure\nexport-credentials"],
  ],
  ["who am I", ["aws", "sts", "get-caller-identity"], ["aws-credentials low sts\nget-caller-identity"]],
  [
    "who am I, with options",
    sh("aws sts --region us-east-1 get-caller-identity"),
    ["aws-credentials low sts --region us-east-1 get-caller-identity"],
  ],
  [
    "the kubelet's keys",
    ["cat", "/host/var/lib/kubelet/pki/kubelet-client-current.pem"],
    ["kubelet-credentials high /host/var/lib/kubelet/pki/kubelet-client-current.pem"],
  ],
  [
    "the kubelet's kubeconfig",
    ["cat", "/var/lib/kubelet/kubeconfig"],
    ["kubelet-credentials high /var/lib/kubelet/kubeconfig"],
  ],
  ["the kubelet's directory", ["ls", "/var/lib/kubelet/"], ["kubelet-credentials medium /var/lib/kubelet/"]],
  [
    "an administrator's configuration",
    ["cat", "/etc/kubernetes/admin.conf"],
    ["kubelet-credentials high /etc/kubernetes/admin.conf"],
  ],
  ["every configuration", sh("cat /etc/kubernetes/*.conf"), ["kubelet-credentials high /etc/kubernetes/*.conf"]],
  [
    "a key of the control plane",
    ["cat", "/etc/kubernetes/pki/ca.key"],
    ["kubelet-credentials high /etc/kubernetes/pki/ca.key"],
  ],
  [
    "the keys of the control plane",
    ["tar", "c", "/etc/kubernetes/pki"],
    ["kubelet-credentials medium /etc/kubernetes/pki"],
  ],
  ["a kubeconfig", sh("cat ~/.kube/config"), ["kubelet-credentials high ~/.kube/config"]],
  ["its own environment", sh("cat /proc/self/environ"), ["process-environment high /proc/self/environ"]],
  ["every process's environment", sh("strings /proc/*/environ"), ["process-environment high /proc/*/environ"]],
  ["a thread's environment", ["cat", "/proc/7/task/8/environ"], ["process-environment high /proc/7/task/8/environ"]],
  ["an environment by a glob", sh("cat /proc/1/env*"), ["process-environment high /proc/1/env*"]],
  ["an AWS secret in the environment", sh("echo $AWS_SECRET_ACCESS_KEY"), ["process-environment medium $AWS_SECRET_A"]],
  [
    "an AWS secret by printenv",
    ["printenv", "AWS_SESSION_TOKEN"],
    ["process-environment medium printenv\nAWS_SESSION_T"],
  ],
  [
    "an AWS secret in python",
    ["python3", "-c", "os.environ['AWS_SECRET_ACCESS_KEY']"],
    ["process-environment medium environ['AWS_SECRET_A"],
  ],
  ["what AWS left in the environment", sh("env | grep AWS_"), ["process-environment low env | grep AWS"]],
  ["secrets in the environment", sh("printenv|grep -i token"), ["process-environment low printenv|grep -i token"]],
  ["password hashes", ["cat", "/etc/shadow"], ["system-secrets high /etc/shadow"]],
  ["the node's password hashes", ["cat", "/host/etc/gshadow-"], ["system-secrets high /host/etc/gshadow-"]],
  ["a private key of SSH", sh("cat ~/.ssh/id_ed25519"), ["system-secrets high ~/.ssh/id_ed25519"]],
  ["the directory of SSH", ["ls", "/root/.ssh"], ["system-secrets low /root/.ssh"]],
  ["the host's key of SSH", ["cat", "/etc/ssh/ssh_host_rsa_key"], ["system-secrets medium /etc/ssh/ssh_host_rsa_key"]],
  ["private keys of TLS", ["ls", "/etc/ssl/private"], ["system-secrets medium /etc/ssl/private"]],
  ["a private key by its name", ["cat", "/certs/privkey.pem"], ["system-secrets low /certs/privkey.pem"]],
  [
    "a wildcard for the middle",
    sh("cat /var/run/secrets/*/serviceaccount/token"),
    [
      "service-account-token medium /var/run/secrets/*/serviceaccount/token",
      "irsa-token medium /var/run/secrets/*/serviceaccount/token",
    ],
  ],
  ["a wildcard in a name", sh("cat /etc/sha?ow"), ["system-secrets medium /etc/sha?ow"]],
  ["wildcards and classes", sh("cat /e*/sh[a-b]*w"), ["system-secrets medium /e*/sh[a-b]*w"]],
  ["quotes in a path", sh("cat /etc/sha''dow"), ["system-secrets medium /etc/shadow"]],
  [
    "a variable in a path",
    sh("D=/var/run/secrets; cat $D/kubernetes.io/serviceaccount/token"),
    ["service-account-token medium /var/run/secrets", `service-account-token medium ${SA}/token`],
  ],
  ["a slash cut out of a variable", sh("cat ${HOME:0:1}etc${HOME:0:1}shadow"), ["system-secrets medium /etc/shadow"]],
  ["braces in a path", sh("cat /etc/{shadow,passwd}"), ["system-secrets medium /etc/shadow"]],
  ["base64 of a script", sh(`echo ${btoa("cat /etc/shadow")} | base64 -d | sh`), ["system-secrets medium /etc/shadow"]],
  [
    "several, the surest first",
    sh(`env | grep AWS_; ls ~/.ssh; cat ${SA}/token`),
    [`service-account-token high ${SA}/token`, "process-environment low env | grep AWS", "system-secrets low ~/.ssh"],
  ],
];

const quietRows: readonly (readonly [sentence: string, words: readonly string[]])[] = [
  ["the certificate beside the token", ["curl", "--cacert", `${SA}/ca.crt`, "https://kubernetes"]],
  ["the namespace beside the token", ["cat", `${SA}/namespace`]],
  ["another secret that an image mounts there", ["cat", "/run/secrets/db_password"]],
  ["a directory that only begins alike", ["ls", "/var/run/secrets-store"]],
  ["the environment", ["env"]],
  ["the environment, searched for something else", sh("env | grep PATH")],
  ["a search beside an unrelated export", sh("export A=1; cat log | grep TOKEN")],
  ["an AWS secret that is set", sh("export AWS_SECRET_ACCESS_KEY=x")],
  ["the state of a process", ["cat", "/proc/1/status"]],
  ["users", ["cat", "/etc/passwd"]],
  ["everything in a directory", sh("ls /etc/*")],
  ["a wildcard that says too little", sh("ls /*/s*")],
  ["a wildcard for another file", sh("ls /etc/s*.conf")],
  ["a public key", sh("cat ~/.ssh/id_ed25519.pub")],
  ["the host's public key", ["cat", "/etc/ssh/ssh_host_rsa_key.pub"]],
  ["a certificate", ["cat", "/etc/ssl/certs/ca.pem"]],
  ["the kubelet's plugins", ["ls", "/var/lib/kubelet/device-plugins"]],
  ["a name that continues", ["cat", "/etc/shadow.example"]],
  ["files of another extension", ["cat", "/etc/kubernetes/admin.config"]],
  ["a path resolved away", ["cat", "/etc/shadow/../hosts"]],
  ["the shadow of a program", ["ls", "/usr/share/shadow"]],
  ["configuration of nginx", ["tar", "cf", "-", "/etc/nginx/nginx.conf"]],
  ["other calls of AWS", ["aws", "s3", "ls"]],
  ["no words", []],
];

describe("it finds", () => {
  test.each(rows)("%s", (_sentence, words, expected) => {
    expect(credentialReads(words).map(({ what, confidence, word }) => `${what} ${confidence} ${word}`)).toEqual(
      expected,
    );
  });
});

describe("it stays quiet on", () => {
  test.each(quietRows)("%s", (_sentence, words) => expect(credentialReads(words)).toEqual([]));
});

describe("whatever the words are,", () => {
  test("it answers, the same each time, in words of at most 200 characters", () => {
    const pieces = fc.constantFrom(...rows.flatMap(([, row]) => row), "/..", "/../", "*", "[", "]", "?", "$(", "'");
    const words = fc.array(
      fc.oneof(
        pieces,
        fc.string({ unit: "binary" }),
        fc.array(pieces).map((list) => list.join("")),
      ),
    );
    fc.assert(
      fc.property(words, (list) => {
        const reads = credentialReads(list);
        expect(credentialReads(list)).toEqual(reads);
        expect(reads.every(({ word }) => word.length <= 200)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("what stands at the end of very long words is read, and at most 32 reads are told", () => {
    expect(credentialReads([`${"#".repeat(300_000)} cat /etc/shadow`])).toHaveLength(1);
    expect(credentialReads(Array.from({ length: 60 }, (_none, index) => `/${index}/etc/shadow`))).toHaveLength(32);
  });
});
