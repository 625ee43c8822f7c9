// Tables as files: the type that a chosen file is sent with.
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** By the name alone: browsers do not agree on what a CSV file is. */
export function sheetType(file: File): string {
  return file.name.toLowerCase().endsWith('.xlsx') ? XLSX : 'text/csv'
}
