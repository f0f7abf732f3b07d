import { Injectable, inject } from '@angular/core';
import { keyName } from './key-names';
import { Language } from './language';

/** Formats dates, numbers, durations and musical keys in the user's language. */
@Injectable({ providedIn: 'root' })
export class Format {
  private readonly language = inject(Language);

  date(value: string | Date): string {
    return new Intl.DateTimeFormat(this.language.code(), { dateStyle: 'medium' }).format(new Date(value));
  }

  dateTime(value: string | Date): string {
    const style = { dateStyle: 'medium', timeStyle: 'short' } as const;
    return new Intl.DateTimeFormat(this.language.code(), style).format(new Date(value));
  }

  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.language.code(), { maximumFractionDigits: digits }).format(value);
  }

  /** Format a number of bytes in megabytes or, from 1024 MB on, gigabytes; to one decimal below 10. */
  size(bytes: number): string {
    const megabytes = bytes / 1_048_576;
    const [value, unit] = megabytes < 1024 ? [megabytes, 'megabyte'] : [megabytes / 1024, 'gigabyte'];
    const style = { style: 'unit', unit, maximumFractionDigits: value < 10 ? 1 : 0 } as const;
    return new Intl.NumberFormat(this.language.code(), style).format(value);
  }

  percent(value: number): string {
    return new Intl.NumberFormat(this.language.code(), { style: 'percent' }).format(value);
  }

  /** Return the name of an author; that of a guest, whom the API calls `Guest`, in the user's language. */
  author(name: string): string {
    return name === 'Guest' && this.language.code() === 'es' ? 'Invitado' : name;
  }

  /** Format a musical key such as `Db major`. */
  key(key: string): string {
    return keyName(key, this.language.code());
  }

  /** Format seconds as `40 s` or `2 min`, for estimates. */
  roundDuration(seconds: number): string {
    const [value, unit] = seconds < 100 ? [seconds, 'second'] : [seconds / 60, 'minute'];
    const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: seconds < 600 ? 1 : 0 } as const;
    return new Intl.NumberFormat(this.language.code(), style).format(value);
  }

  /** Format seconds as 1:07 or 1:02:03. */
  duration(seconds: number | null | undefined): string {
    if (seconds == null || !Number.isFinite(seconds)) return '–';
    const total = Math.max(0, Math.round(seconds));
    const [hours, minutes, remainder] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
    const minutesAndSeconds = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(remainder).padStart(2, '0')}`;
    return hours ? `${hours}:${minutesAndSeconds}` : minutesAndSeconds;
  }
}
