/** Secrets stand in `std`, so that rooms below this one have them too; components go on naming them from here. */
export { MASK, Secret } from '#std/secret.ts'
