/** Spanish for what manifests name in English; what is not here is shown as the manifest has it. */
const spanish: Readonly<Record<string, string>> = {
  Style: 'Estilo',
  Tempo: 'Tempo',
  Density: 'Densidad',
  Temperature: 'Temperatura',
  Transpose: 'Transposición',
  Transposition: 'Transposición',
  Instrument: 'Instrumento',
  'Melody instrument': 'Instrumento de la melodía',
  'Accompaniment instrument': 'Instrumento del acompañamiento',
  Accompaniment: 'Acompañamiento',
  Key: 'Tonalidad',
  Bars: 'Compases',
  Strategy: 'Estrategia',
  Decoding: 'Decodificación',
  'Top k': 'Los k mejores',
  'Top p': 'Núcleo (p)',
  'Beam width': 'Anchura del haz',
  'Repetition penalty': 'Penalización de repeticiones',
  'Length penalty': 'Penalización de la extensión',
  Precision: 'Precisión',
  'Noise scale': 'Intensidad del ruido',
  Noise: 'Ruido',
  calm: 'Tranquilo',
  dense: 'Denso',
  lively: 'Vivo',
  sparse: 'Ralo',
  bold: 'Atrevido',
  safe: 'Prudente',
  wild: 'Salvaje',
  slow: 'Lento',
  fast: 'Rápido',
  classical: 'Clásico',
  baroque: 'Barroco',
  romantic: 'Romántico',
  jazz: 'Jazz',
  folk: 'Folk',
  pop: 'Pop',
  greedy: 'Voraz',
  sampling: 'Muestreo',
  beam: 'Haz',
  'quarters per minute': 'negras por minuto',
  semitones: 'semitonos',
  bars: 'compases',
  'notes per second': 'notas por segundo',
};

/** A word of a manifest for people: translated where it is known, with a capital and without underscores. */
export function parameterWord(word: string, language: 'en' | 'es'): string {
  const known = language === 'es' ? (spanish[word] ?? spanish[word.toLowerCase()]) : undefined;
  const shown = (known ?? word).replaceAll('_', ' ');
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}
