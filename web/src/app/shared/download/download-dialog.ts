import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogModule, MatDialogRef } from '@angular/material/dialog';
import { Api, buildUrl } from '../../core/api/api';
import { Problem } from '../../core/api/problem';
import { RequestState } from '../../core/api/request-state';
import type { Schema } from '../../core/api/types';
import { commonTexts } from '../../core/text/common-texts';
import { Language } from '../../core/text/language';
import { manifestLabel } from '../../core/text/manifest-labels';
import { ErrorMessages } from '../../core/text/error-messages';
import { injectTexts, texts } from '../../core/text/texts';
import { Icon } from '../icon';
import { fileName, saveFile } from '../save-file';

const downloadTexts = texts(
  {
    title: 'Download',
    format: 'Format',
    midi: 'Notes for notation programs and DAWs',
    mp3: 'Plays on all devices',
    wav: 'Uncompressed',
    flac: 'Lossless compression',
    opus: 'Small files, good quality',
    ogg: 'Vorbis, for older players',
    pdf: 'Score for printing',
    musicxml: 'Score for notation programs',
    abc: 'Melody as text',
    stems: 'One audio file per instrument',
    midiStems: 'One MIDI file per instrument',
    stemsName: 'Stems',
    midiStemsName: 'MIDI stems',
    stemFormat: 'Format of the files',
    noMelody: 'No instrument of this piece plays one note at a time, so that there is no melody for ABC.',
    noScore: 'This piece is too long or too dense for this format. MusicXML and MIDI have higher limits.',
    bitrate: 'Bit rate',
    depth: 'Bit depth',
    instrument: 'Instrument',
    asComposed: 'As composed',
    soundfont: 'SoundFont',
    loudness: 'Normalize loudness (−16 LUFS)',
    reverb: 'Reverb',
    submit: 'Download',
    preparing: 'Preparing …',
  },
  {
    title: 'Descargar',
    format: 'Formato',
    midi: 'Notas para programas de partituras y DAW',
    mp3: 'Suena en todos los dispositivos',
    wav: 'Sin comprimir',
    flac: 'Compresión sin pérdida',
    opus: 'Archivos pequeños, buena calidad',
    ogg: 'Vorbis, para reproductores antiguos',
    pdf: 'Partitura para imprimir',
    musicxml: 'Partitura para programas de notación',
    abc: 'Melodía como texto',
    stems: 'Un archivo de audio por instrumento',
    midiStems: 'Un archivo MIDI por instrumento',
    stemsName: 'Pistas',
    midiStemsName: 'Pistas MIDI',
    stemFormat: 'Formato de los archivos',
    noMelody: 'Ningún instrumento de esta pieza toca una nota cada vez, así que no hay melodía para ABC.',
    noScore: 'Esta pieza es demasiado larga o densa para este formato. MusicXML y MIDI tienen límites más altos.',
    bitrate: 'Tasa de bits',
    depth: 'Profundidad de bits',
    instrument: 'Instrumento',
    asComposed: 'Como se compuso',
    soundfont: 'SoundFont',
    loudness: 'Normalizar sonoridad (−16 LUFS)',
    reverb: 'Reverberación',
    submit: 'Descargar',
    preparing: 'Preparando …',
  },
);

type AudioFormat = Schema<'AudioFormat'>;
type ScoreFormat = Exclude<Schema<'ScoreFormat'>, 'svg'>;
type Format = 'midi' | AudioFormat | ScoreFormat | 'stems' | 'midiStems';
/** In the order of the dialog; a format that the API adds fails to compile until it is listed. */
const NAMES: Record<Format, string> = {
  midi: 'MIDI',
  mp3: 'MP3',
  wav: 'WAV',
  flac: 'FLAC',
  opus: 'Opus',
  ogg: 'Ogg',
  pdf: 'PDF',
  musicxml: 'MusicXML',
  abc: 'ABC',
  stems: '',
  midiStems: '',
};
const FORMATS = Object.keys(NAMES) as readonly Format[];
const SCORES: readonly Format[] = ['pdf', 'musicxml', 'abc'];
const BITRATES: Partial<Record<Format, readonly number[]>> = { mp3: [128, 192, 256, 320], opus: [64, 96, 128, 192] };
const DEFAULT_BITRATES: Partial<Record<Format, number>> = { mp3: 192, opus: 128 };

/** The song to download; `share` is the token of a share link that allows it. */
export interface DownloadedSong {
  readonly id: string;
  readonly title: string;
  readonly midiUrl?: string;
  readonly audioUrl?: string;
  readonly share?: string;
}

/** Downloads a song in a format, with the options of the format. */
@Component({
  imports: [Icon, MatDialogModule],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './download-dialog.html',
  styleUrl: './download-dialog.scss',
})
export class DownloadDialog {
  protected readonly song = inject<DownloadedSong>(MAT_DIALOG_DATA);
  protected readonly t = injectTexts(downloadTexts);
  protected readonly common = injectTexts(commonTexts);
  protected readonly formats = FORMATS;
  protected readonly format = signal<Format>('midi');
  protected readonly stemFormats: readonly AudioFormat[] = ['wav', 'flac', 'mp3'];
  protected readonly stemFormat = signal<AudioFormat>('wav');
  protected readonly isStems = computed(() => this.format() === 'stems');
  protected readonly hasOptions = computed(() => !['midi', 'midiStems', 'stems', ...SCORES].includes(this.format()));
  protected readonly bitrate = signal<number | null>(null);
  protected readonly depth = signal(16);
  protected readonly instrument = signal('');
  protected readonly soundfont = signal('');
  protected readonly loudness = signal(false);
  protected readonly reverb = signal(0.9);
  protected readonly soundFontList = signal<Schema<'SoundFontList'> | null>(null);
  protected readonly request = new RequestState();
  protected readonly bitrates = computed(() => BITRATES[this.format()] ?? []);
  protected readonly chosenBitrate = computed(() => this.bitrate() ?? DEFAULT_BITRATES[this.format()] ?? null);
  protected readonly errorMessages = inject(ErrorMessages);
  private readonly api = inject(Api);
  private readonly language = inject(Language);
  private readonly reference = inject<MatDialogRef<DownloadDialog>>(MatDialogRef);

  constructor() {
    // Without the list, the dialog offers no instruments and SoundFonts; downloads work all the same.
    this.api.get('/api/v1/soundfonts', { as: 'none' }).then(
      (list) => this.soundFontList.set(list),
      () => undefined,
    );
  }

  protected label(instrument: string): string {
    return manifestLabel(instrument, this.language.code());
  }

  protected nameOf(format: Format): string {
    return NAMES[format] || this.t(format === 'stems' ? 'stemsName' : 'midiStemsName');
  }

  protected messageOf(problem: Problem): string {
    if (problem.slug !== 'score-not-possible') return this.errorMessages.of(problem);
    return this.t(this.format() === 'abc' ? 'noMelody' : 'noScore');
  }

  protected selectFormat(format: Format): void {
    this.format.set(format);
    this.bitrate.set(null);
    this.request.problem.set(null);
  }

  protected async download(): Promise<void> {
    await this.request.run(async () => {
      const response = await this.api.fetch(this.url());
      const extensions: Partial<Record<Format, string>> = { midi: 'mid', stems: 'zip', midiStems: 'zip' };
      const extension = extensions[this.format()] ?? this.format();
      saveFile(await response.blob(), fileName(this.song.title, extension));
      this.reference.close();
    });
  }

  private url(): string {
    const format = this.format();
    if (format === 'midi') return this.song.midiUrl ?? `/api/v1/songs/${this.song.id}/midi`;
    const { id, share } = this.song;
    if (SCORES.includes(format)) {
      return buildUrl(`/api/v1/scores/${id}.${format}`, { query: { language: this.language.code(), share } });
    }
    if (format === 'stems' || format === 'midiStems') {
      const query = { format: format === 'stems' ? this.stemFormat() : 'mid', share };
      return buildUrl(`/api/v1/stems/${id}.zip`, { query });
    }
    const query = {
      bitrate: this.chosenBitrate(),
      bit_depth: format === 'wav' || format === 'flac' ? this.depth() : null,
      instrument: this.instrument(),
      soundfont: this.soundfont(),
      loudness: this.loudness() ? -16 : null,
      reverb: this.reverb() === 0.9 ? null : this.reverb(),
      download: true,
      share,
    };
    return buildUrl(`${this.song.audioUrl ?? `/api/v1/audio/${id}`}.${format}`, { query });
  }
}
