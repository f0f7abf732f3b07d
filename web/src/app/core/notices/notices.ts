import { Injectable, signal } from '@angular/core';

export interface Notice {
  readonly id: number;
  readonly kind: 'info' | 'good' | 'problem';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Short messages at the edge of the page, announced by screen readers. Problems and notices with an action stay longer. */
@Injectable({ providedIn: 'root' })
export class Notices {
  private nextId = 1;
  private readonly visible = signal<readonly Notice[]>([]);
  readonly all = this.visible.asReadonly();

  show(text: string, options: Partial<Pick<Notice, 'kind' | 'action'>> = {}): number {
    const id = this.nextId++;
    // A repeated text moves to the end instead of being shown twice.
    const others = this.visible().filter((notice) => notice.text !== text);
    this.visible.set([...others.slice(-2), { id, kind: 'info', text, ...options }]);
    setTimeout(() => this.dismiss(id), options.action || options.kind === 'problem' ? 10_000 : 5_000);
    return id;
  }

  dismiss(id: number): void {
    this.visible.update((all) => all.filter((notice) => notice.id !== id));
  }
}
