import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Api } from '../core/api/api';
import { RequestState } from '../core/api/request-state';
import { Notices } from '../core/notices/notices';
import { ProviderLogin } from '../core/session/provider-login';
import { Reauthentication } from '../core/session/reauthentication';
import { ErrorMessages } from '../core/text/error-messages';
import { Format } from '../core/text/format';
import { injectTexts } from '../core/text/texts';
import { providerTexts } from '../login/provider-texts';
import { AccountCredentials } from './credentials';

/** The link of the account with a user of the OpenID Connect provider. */
@Component({
  selector: 'e-provider-section',
  changeDetection: ChangeDetectionStrategy.OnPush,
  styleUrl: './account-section.scss',
  template: `
    <h2>{{ t('section', { name: name() }) }}</h2>
    <p class="muted">{{ t('sectionHint', { name: name() }) }}</p>
    @if (request.problem(); as problem) {
      <p class="error" role="alert">{{ errorMessages.of(problem) }}</p>
    }
    @for (link of credentials.current()?.providers; track link.issuer) {
      <ul>
        <li>
          <span class="details">
            <span>{{ link.name || link.subject }}</span>
            <span class="muted">
              {{
                link.last_used_at
                  ? t('used', { date: format.date(link.last_used_at) })
                  : t('linkedSince', { date: format.date(link.created_at) })
              }}
            </span>
          </span>
          <button type="button" class="button small" [disabled]="request.isPending()" (click)="unlink()">
            {{ t('unlink') }}
          </button>
        </li>
      </ul>
    } @empty {
      <div>
        <button type="button" class="button" [disabled]="request.isPending()" (click)="link()">
          {{ t('link', { name: name() }) }}
        </button>
      </div>
    }
  `,
})
export class ProviderSection {
  protected readonly t = injectTexts(providerTexts);
  protected readonly format = inject(Format);
  protected readonly credentials = inject(AccountCredentials);
  protected readonly errorMessages = inject(ErrorMessages);
  protected readonly request = new RequestState();
  protected readonly name = computed(() => this.credentials.options()?.provider ?? this.t('otherProvider'));
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly provider = inject(ProviderLogin);
  private readonly reauthentication = inject(Reauthentication);

  protected async link(): Promise<void> {
    await this.request.run(() => this.reauthentication.run(() => this.provider.begin('link', '/account')));
  }

  protected async unlink(): Promise<void> {
    await this.request.run(async () => {
      await this.reauthentication.run(() => this.api.delete('/api/v1/auth/me/provider'));
      this.notices.show(this.t('unlinked', { name: this.name() }), { kind: 'good' });
      await this.credentials.load();
    });
  }
}
