import { Injectable, inject } from '@angular/core';
import { Api } from '../api/api';
import { Problem } from '../api/problem';

/** The result of the browser's WebAuthn functions in its JSON form. */
export type PasskeyProof = Record<string, unknown>;

/** Whether the browser can use passkeys in the JSON form of the API. */
export const supportsPasskeys =
  typeof PublicKeyCredential !== 'undefined' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;

/** Creates and uses passkeys with the browser. */
@Injectable({ providedIn: 'root' })
export class Passkeys {
  private readonly api = inject(Api);

  /** Create a passkey with these options. Throws Problem `passkey-cancelled` when the user cancels. */
  async create(options: Record<string, unknown>): Promise<PasskeyProof> {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    return proofOf(() => navigator.credentials.create({ publicKey }));
  }

  /** Sign a challenge with a passkey of this site. Throws Problem `passkey-cancelled` when the user cancels. */
  async sign(): Promise<PasskeyProof> {
    const { options } = await this.api.post('/api/v1/auth/passkeys/options', { as: 'none' });
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      options as unknown as PublicKeyCredentialRequestOptionsJSON,
    );
    return proofOf(() => navigator.credentials.get({ publicKey }));
  }
}

async function proofOf(ask: () => Promise<Credential | null>): Promise<PasskeyProof> {
  try {
    const credential = (await ask()) as PublicKeyCredential;
    return { ...credential.toJSON() };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'InvalidStateError') {
      throw new Problem('passkey-exists', 0, error.message);
    }
    // Browsers report a refusal, a time-out and a missing passkey in the same way.
    if (error instanceof DOMException) throw new Problem('passkey-cancelled', 0, error.message);
    throw error;
  }
}
