/** The parameters of an ALTCHA challenge that are used here. */
interface Parameters {
  readonly nonce: string;
  readonly salt: string;
  readonly cost: number;
  readonly keyLength: number;
  readonly keyPrefix: string;
}

/** Solve an ALTCHA challenge (PBKDF2 with SHA-256): try counters until the derived key has the prefix. Takes seconds. */
export async function solveChallenge(challenge: Record<string, unknown>): Promise<string> {
  const parameters = challenge['parameters'] as Parameters;
  const started = performance.now();
  for (let counter = 0; ; counter++) {
    const key = await deriveKey(parameters, counter);
    if (key.startsWith(parameters.keyPrefix)) {
      const solution = { counter, derivedKey: key, time: Math.round(performance.now() - started) };
      return btoa(JSON.stringify({ challenge, solution }));
    }
  }
}

async function deriveKey({ nonce, salt, cost, keyLength }: Parameters, counter: number): Promise<string> {
  const prefix = bytesOf(nonce);
  const password = new Uint8Array(prefix.length + 4);
  password.set(prefix);
  new DataView(password.buffer).setUint32(prefix.length, counter);
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: bytesOf(salt), iterations: cost };
  const bits = await crypto.subtle.deriveBits(algorithm, key, keyLength * 8);
  return Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
