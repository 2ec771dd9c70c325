/** The dashboard's entry. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './main.css'

createRoot(document.getElementById('root')!).render(<StrictMode>StreamGate</StrictMode>)
