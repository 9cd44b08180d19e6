"""Names that anybody might bear, to be combined by chance."""

FAMILY = (
    *("NGUYỄN", "TRẦN", "LÊ", "PHẠM", "HOÀNG", "HUỲNH", "PHAN", "VŨ", "VÕ", "ĐẶNG", "BÙI", "ĐỖ", "HỒ", "NGÔ", "DƯƠNG"),
    *("LÝ", "NÔNG", "VI", "LƯƠNG", "HÀ", "CHU", "TRIỆU", "LỘC", "MAI", "ĐINH", "TRƯƠNG", "ĐOÀN", "LÂM", "TẠ", "CAO"),
)
MIDDLE_OF_MEN = ("VĂN", "ĐỨC", "HỮU", "QUANG", "MINH", "CÔNG", "XUÂN", "ĐÌNH", "THÀNH", "NGỌC", "TIẾN", "DUY", "")
MIDDLE_OF_WOMEN = ("THỊ", "THỊ NGỌC", "THU", "THANH", "MINH", "BÍCH", "KIM", "THÚY", "HỒNG", "MAI", "THỊ THU", "NGỌC")
GIVEN_OF_MEN = (
    *("AN", "BÌNH", "CƯỜNG", "DŨNG", "ĐẠT", "GIANG", "HẢI", "HÙNG", "KHÁNH", "KIÊN", "LÂM", "LONG", "NAM", "NGHĨA"),
    *("PHONG", "PHÚC", "QUÂN", "SƠN", "TÂM", "THẮNG", "TOÀN", "TRUNG", "TÚ", "TUẤN", "VIỆT", "VINH", "HÒA", "THỤY"),
)
GIVEN_OF_WOMEN = (
    *("ANH", "BÍCH", "CHI", "DUNG", "ĐÀO", "GIANG", "HÀ", "HẠNH", "HIỀN", "HOA", "HƯƠNG", "HƯỜNG", "LAN", "LIÊN"),
    *("LOAN", "MAI", "NGA", "NGỌC", "NHUNG", "OANH", "PHƯƠNG", "QUYÊN", "THẢO", "THOA", "THỦY", "TRANG", "VÂN", "YẾN"),
)
STREETS = ("THÔN", "BẢN", "TỔ DÂN PHỐ SỐ", "KHỐI", "SỐ NHÀ", "NGÕ")
