"""What `trinity-guard demo` copies into its throwaway repository; it knows nothing of trinity-guard."""
