// Contents that must be blocked, and contents that only look like them. Put together here, and the keys made here: no
// search for secrets finds one in this file, and none of them is anybody's.
import { createHash, generateKeyPairSync } from 'node:crypto';

let drawn = 0;
/** So many characters of an alphabet; each call others, each run the same. */
function draw(alphabet, count) {
  let text = '';
  while (text.length < count) {
    for (const byte of createHash('sha256').update(`drawn ${drawn++}`).digest()) text += alphabet[byte % alphabet.length];
  }
  return text.slice(0, count);
}
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const ALNUM = UPPER + LOWER + DIGITS;
const alnum = (count) => draw(ALNUM, count);
const word = (count) => draw(`${ALNUM}_-`, count);
const digits = (count) => draw('123456789', count);
const hex = (count) => draw('0123456789abcdef', count);
const capitals = (count) => draw(`${UPPER}234567`, count);
const base64 = (count) => draw(`${ALNUM}+/`, count);

const ANT = 'sk-' + 'ant-';
const [GHP, GHO, GHS] = ['p', 'o', 's'].map((kind) => `gh${kind}_`);
const PAT = 'github' + '_pat_';
const AWS = 'AK' + 'IA';
const [XOXA, XOXB, XOXP] = ['a', 'b', 'p'].map((kind) => `xox${kind}-`);
const GLPAT = 'glp' + 'at-';
const NPM = '_auth' + 'Token';
const dashed = (words) => `-----${words}-----`;
const begin = (kind) => dashed(`BEGIN ${kind}`);
const end = (kind) => dashed(`END ${kind}`);
const KEY = 'PRIVATE' + ' KEY';
const jwt = (claims, head = { alg: 'RS256', kid: 'k1' }) =>
  `${[head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.${word(86)}`;

const pem = (type, options, format, cipher = {}) =>
  generateKeyPairSync(type, options).privateKey.export({ type: format, format: 'pem', ...cipher });
const rsa1 = pem('rsa', { modulusLength: 1024 }, 'pkcs1');
const rsa8 = pem('rsa', { modulusLength: 1024 }, 'pkcs8');
const ec = pem('ec', { namedCurve: 'P-256' }, 'sec1');
const ed25519 = pem('ed25519', {}, 'pkcs8');
const encrypted = pem('ed25519', {}, 'pkcs8', { cipher: 'aes-256-cbc', passphrase: 'x' });
const lines = (text) => text.match(/.{1,64}/g).join('\n');
const block = (kind, body) => `${begin(kind)}\n${body}\n${end(kind)}\n`;
const openssh = block(`OPENSSH ${KEY}`, lines(`b3BlbnNzaC1rZXktdjEAAAAABG5vbmU${base64(300)}`));
const pgp = block(`PGP ${KEY} BLOCK`, `Version: GnuPG v2\nComment: mine\n\n${lines(`lQOYBF${base64(300)}`)}`);
const legacy = block(`RSA ${KEY}`, `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${hex(32).toUpperCase()}\n\n${lines(base64(300))}`);
const escaped = (text) => JSON.stringify(text).slice(1, -1);
const someToken = () => `${GHP}${alnum(36)}`;
const LINE = 'nothing of interest in this line of text, nor in any other one\n';
const padding = (bytes) => `${LINE.repeat(Math.ceil(bytes / LINE.length)).slice(0, bytes - 1)}\n`;
const lineAfter = (text) => text.split('\n').length;

const key = 'a private key';
const anthropic = 'an Anthropic API key';
const github = 'a GitHub token';
const aws = 'an AWS access key';
const slack = 'a Slack token';
const gitlab = 'a GitLab token';
const npm = 'an npm token';
const account = "a service account's token";
const kubernetes = { iss: 'kubernetes/serviceaccount', 'kubernetes.io/serviceaccount/namespace': 'prod', sub: 'system:serviceaccount:prod:deploy' };
const bound = { aud: ['https://kubernetes.default.svc'], exp: 1, sub: 'system:serviceaccount:prod:default' };
const google = { iss: 'robot@project.iam.gserviceaccount.com', aud: 'https://oauth2.example/token', exp: 1 };

/** [what it seems to be, in which line, the content]. */
export const BLOCKED = [
  [key, 1, rsa1],
  [key, 1, rsa8],
  [key, 1, ec],
  [key, 1, ed25519],
  [key, 1, encrypted],
  [key, 1, openssh],
  [key, 1, pgp],
  [key, 1, legacy],
  [key, 1, rsa8.replaceAll('\n', '\r\n')],
  [key, 3, `apiVersion: v1\ntls.pem: |\n${rsa8.replace(/^/gm, '  ')}`],
  [key, 5, JSON.stringify({ type: 'service_account', project_id: 'p', private_key_id: hex(40), private_key: rsa8 }, null, 1)],
  [key, 2, `const char* kKey =\n${rsa1.trim().split('\n').map((line) => `    "${line}\\n"`).join('\n')};\n`],
  [key, 2, `\nkey = '${rsa8.trim().split('\n').join("' +\n  '")}';\n`],
  [key, 1, `TLS_KEY="${ec.trim().replaceAll('\n', '\\n')}"`],
  [key, 2, `#!/bin/sh\n# ${ed25519.trim().replaceAll('\n', '\n# ')}\n`],
  [key, 1, `KEY=${rsa8.replaceAll('\n', ' ')}`],
  [anthropic, 1, `ANTHROPIC_API_KEY=${ANT}api03-${word(93)}AA\n`],
  [anthropic, 1, `export KEY="${ANT}admin01-${word(93)}AA"`],
  [anthropic, 1, `{"x-api-key": "${ANT}api03-${word(93)}AA"}`],
  [anthropic, 4, `a\nb\r\nc\n\`${ANT}oat01-${word(80)}\``],
  [anthropic, 1, `curl https://api.example/?key%3D${ANT}api03-${word(93)}AA`],
  [anthropic, 1, `${ANT}${alnum(20)}`],
  [github, 1, someToken()],
  [github, 2, `[remote]\nurl = https://x:${someToken()}@git.example/o/r.git\n`],
  [github, 1, `{"env":"A=1\\n${escaped(someToken())}\\n"}`],
  [github, 1, `<token>${GHO}${alnum(36)}</token>`],
  [github, 1, `id,token\t1,${GHS}${alnum(36)}`],
  [github, 1, `${PAT}${alnum(22)}_${alnum(59)}`],
  [github, 3, `a:\n  b:\n    - ${PAT}${alnum(22)}_${alnum(59)}\n`],
  [github, 1, `${padding(200_000).replaceAll('\n', ' ')}${someToken()} and more`],
  [github, lineAfter(padding(1_000_000)), `${padding(1_000_000)}${someToken()}`],
  [github, lineAfter(padding(131_063)), `${padding(131_063)}${someToken()}\n${padding(500)}`],
  [github, 2, `\x00\x01\x02\xff\n\x00${someToken()}\x00`],
  [github, 1, `${GHP}A1bC2dE3fH4iJ5kL6mN7oP8qR9`],
  [aws, 2, `[default]\naws_access_key_id = ${AWS}${capitals(16)}\naws_secret_access_key = ${base64(40)}\n`],
  [aws, 1, `"${AWS}${capitals(16)}"`],
  [aws, 1, `https://bucket.example/?AWSAccessKeyId=${AWS}${capitals(16)}&Signature=x`],
  [aws, 3, `a\nb\n${AWS}${capitals(16)}`],
  [slack, 1, `SLACK=${XOXB}${digits(12)}-${digits(13)}-${alnum(24)}`],
  [slack, 1, `token: '${XOXP}${digits(11)}-${digits(11)}-${digits(12)}-${hex(32)}'`],
  [slack, 1, `${XOXA}2-${digits(11)}-${digits(11)}-${hex(32)}`],
  [gitlab, 1, `${GLPAT}${word(20)}`],
  [gitlab, 1, `git clone https://oauth2:${GLPAT}${word(20)}@git.example/a/b`],
  [gitlab, 1, `${GLPAT}${word(51)}.01.${hex(9)}`],
  [npm, 1, `//npm.example/:${NPM}=npm_${alnum(36)}\n`],
  [npm, 2, `always-auth=true\n//npm.example/:${NPM}=${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`],
  [npm, 1, `//npm.example/:${NPM} = "${base64(40)}"`],
  [account, 1, jwt(kubernetes)],
  [account, 1, `Authorization: Bearer ${jwt(bound)}`],
  [account, 2, `users:\n- user: {token: ${jwt(kubernetes)}}\n`],
  [account, 1, `assertion=${jwt(google)}&grant_type=x`],
  [github, 1, `${someToken()} ${AWS}${capitals(16)}`],
];

const publicKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });

export const LOOK_ALIKES = [
  '',
  padding(200_000),
  `${AWS}IOSFODNN7EXAMPLE`,
  `${AWS}I44QH8DHBEXAMPLE`,
  AWS,
  `${AWS}${capitals(15)}`,
  `${AWS}${capitals(17)}`,
  `Z${AWS}${capitals(16)}`,
  `${AWS}${'X'.repeat(16)}`,
  `${AWS}1234567890ABCDEF`,
  `${AWS}_${capitals(16)}`,
  `${GHO}16C7e42F292c6912E7710c838347Ae178B4a`,
  `token.startswith("${GHP}")`,
  `${GHP}${'x'.repeat(36)}`,
  `${GHP}${alnum(19)}`,
  `${GHP}<your token>`,
  `${GHP}your_token_goes_here_2024`,
  `${GHP}\${{ secrets.TOKEN }}`,
  `int ${GHS}readEveryThingThatIsThere(int);`,
  `wei${GHP}${alnum(36)}`,
  `${GHP}1234567890abcdefghijklmnopqrstuvwxyz`,
  `${GHP}${alnum(24)}...`,
  `/${GHP}[A-Za-z0-9]{36}/`,
  `${PAT}`,
  `${PAT}YOUR_TOKEN_GOES_HERE`,
  `${PAT}11EXAMPLE0${alnum(12)}_${alnum(59)}`,
  `if (key.startsWith('${ANT}')) {`,
  `${ANT}api03-...`,
  `${ANT}api03-${'x'.repeat(93)}AA`,
  `${ANT}api03-${word(60)}\u2026`,
  `${ANT}your-key-goes-here-please-1`,
  `ri${ANT}1colony2optimization3algorithms`,
  `ta${ANT}hills-and-other-places-2024`,
  `${ANT}colony-optimization-algorithms`,
  `${XOXB}not-a-real-token-this-will-not-work`,
  `${XOXP}23984754863-2348975623103`,
  `${XOXB}your-bot-token-1234-5678-here`,
  `xoxo-hugs-and-kisses-2024-from-all-of-us`,
  `${XOXB}...`,
  `${GLPAT}`,
  `${GLPAT}${'x'.repeat(20)}`,
  `${GLPAT}your-access-token-of-2024`,
  `${GLPAT}the-token-from-your-profile`,
  `//npm.example/:${NPM}=\${NPM_TOKEN}`,
  `//npm.example/:${NPM}=$NPM_TOKEN_OF_THE_PIPELINE`,
  `//npm.example/:${NPM}=<the token from your profile>`,
  `//npm.example/:${NPM}=00000000-0000-0000-0000-000000000000`,
  `config.get('${NPM}') === undefined`,
  `${NPM}=process.env.THE_TOKEN_OF_NPM_1`,
  `if (text.includes('${begin(KEY)}')) return true;`,
  block(KEY, ''),
  block(`RSA ${KEY}`, '...'),
  block(`RSA ${KEY}`, 'MIIEpAIBAAKCAQEA...'),
  block(KEY, `MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${base64(20)}...`),
  block(KEY, '<your key>'),
  block(KEY, 'base64 encoded key'),
  block(KEY, 'MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC'),
  block('OPENSSH KEY', lines(base64(200))),
  `pem = "${begin(KEY)}\\n" + base64OfThePrivateKeyOfTheApp + "\\n${end(KEY)}"`,
  `/-----BEGIN ([A-Z]+ )?${KEY}-----/`,
  `Keep the ${KEY} to yourself.`,
  publicKey,
  block('CERTIFICATE', lines(base64(600))),
  block('PGP PUBLIC KEY BLOCK', `\n${lines(base64(300))}`),
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${base64(43)} me@here`,
  jwt({ sub: '1234567890', name: 'John Doe', iat: 1516239022 }),
  jwt(kubernetes).slice(0, -70),
  jwt({ text: 'serviceaccount' }),
  lines(base64(4000)),
  lines(word(4000)),
  lines(hex(4000)),
  `${hex(64)}  file`,
  `${someToken()}\n${padding(1_100_000)}`,
];
