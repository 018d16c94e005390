"""The launch form's page and what stands around it: when, a question before, and inputs that come back."""
