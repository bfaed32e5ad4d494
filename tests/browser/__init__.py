"""The browser console in a real Chromium, before real services."""
