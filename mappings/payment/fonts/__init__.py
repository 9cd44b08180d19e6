"""DejaVu Sans, which has every Vietnamese letter; its licence stands in LICENSE.txt."""
