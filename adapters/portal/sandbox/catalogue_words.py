"""Words from which the invented catalogue is put together. Ministries and codes do not exist; the sectors' everyday
words are ordinary, so that names look and compare like real ones.
"""

from dataclasses import dataclass

LICENSING = ("Cấp", "Cấp lại", "Cấp đổi", "Gia hạn", "Điều chỉnh", "Thu hồi")
REGISTRATION = ("Đăng ký", "Đăng ký lại", "Thay đổi nội dung đăng ký", "Xoá đăng ký")
DECISION = ("Thẩm định", "Phê duyệt", "Điều chỉnh phê duyệt", "Xác nhận")


@dataclass(frozen=True, slots=True)
class SectorWords:
    """A sector (lĩnh vực): its ministry, the department that handles it, and what its procedures are about."""

    name: str
    ministry_code: str
    department: str
    actions: tuple[str, ...]
    subjects: tuple[str, ...]
    result: str


MINISTRIES: tuple[tuple[str, str], ...] = (
    ("G91", "Bộ mẫu Tư pháp"),
    ("G92", "Bộ mẫu Xây dựng"),
    ("G93", "Bộ mẫu Nông nghiệp và Môi trường"),
    ("G94", "Bộ mẫu Công Thương"),
    ("G95", "Bộ mẫu Y tế"),
    ("G96", "Bộ mẫu Giáo dục và Đào tạo"),
    ("G97", "Bộ mẫu Nội vụ"),
    ("G98", "Bộ mẫu Văn hóa, Thể thao và Du lịch"),
)

SECTORS: tuple[SectorWords, ...] = (
    SectorWords(
        "Hộ tịch",
        "G91",
        "Sở Tư pháp",
        REGISTRATION,
        ("khai sinh", "kết hôn", "khai tử", "giám hộ", "nhận cha, mẹ, con", "khai sinh có yếu tố nước ngoài"),
        "Giấy chứng nhận hoặc trích lục hộ tịch",
    ),
    SectorWords(
        "Luật sư",
        "G91",
        "Sở Tư pháp",
        REGISTRATION,
        ("hoạt động của tổ chức hành nghề luật sư", "hoạt động của chi nhánh công ty luật", "hành nghề cá nhân"),
        "Giấy đăng ký hoạt động",
    ),
    SectorWords(
        "Hoạt động xây dựng",
        "G92",
        "Sở Xây dựng",
        LICENSING,
        (
            "giấy phép xây dựng công trình cấp II",
            "giấy phép xây dựng nhà ở riêng lẻ",
            "chứng chỉ năng lực hoạt động xây dựng",
            "giấy phép di dời công trình",
        ),
        "Giấy phép xây dựng",
    ),
    SectorWords(
        "Đường bộ",
        "G92",
        "Sở Xây dựng",
        LICENSING,
        (
            "giấy phép kinh doanh vận tải bằng xe ô tô",
            "phù hiệu xe hợp đồng",
            "giấy phép liên vận",
            "giấy chứng nhận đăng ký xe máy chuyên dùng",
        ),
        "Giấy phép, phù hiệu",
    ),
    SectorWords(
        "Quy hoạch kiến trúc",
        "G92",
        "Sở Xây dựng",
        DECISION,
        ("đồ án quy hoạch chi tiết khu chức năng", "nhiệm vụ quy hoạch phân khu", "quy chế quản lý kiến trúc"),
        "Quyết định phê duyệt",
    ),
    SectorWords(
        "Đất đai",
        "G93",
        "Sở Nông nghiệp và Môi trường",
        REGISTRATION,
        (
            "biến động quyền sử dụng đất do chuyển nhượng",
            "đất đai lần đầu",
            "thế chấp quyền sử dụng đất",
            "tài sản gắn liền với đất",
        ),
        "Giấy chứng nhận quyền sử dụng đất",
    ),
    SectorWords(
        "Môi trường",
        "G93",
        "Sở Nông nghiệp và Môi trường",
        LICENSING,
        ("giấy phép môi trường", "giấy phép trao đổi nguồn gen", "giấy phép xử lý chất thải nguy hại"),
        "Giấy phép môi trường",
    ),
    SectorWords(
        "Thủy sản",
        "G93",
        "Sở Nông nghiệp và Môi trường",
        LICENSING,
        ("giấy phép khai thác thủy sản", "giấy chứng nhận đăng ký tàu cá", "giấy xác nhận nguồn gốc thủy sản"),
        "Giấy phép, giấy chứng nhận",
    ),
    SectorWords(
        "Lưu thông hàng hóa trong nước",
        "G94",
        "Sở Công Thương",
        LICENSING,
        (
            "giấy phép bán lẻ rượu",
            "giấy chứng nhận đủ điều kiện bán lẻ xăng dầu",
            "giấy phép bán buôn sản phẩm thuốc lá",
        ),
        "Giấy phép kinh doanh",
    ),
    SectorWords(
        "Điện lực",
        "G94",
        "Sở Công Thương",
        LICENSING,
        ("giấy phép hoạt động phát điện", "giấy phép bán lẻ điện", "thẻ an toàn điện"),
        "Giấy phép hoạt động điện lực",
    ),
    SectorWords(
        "Khám bệnh, chữa bệnh",
        "G95",
        "Sở Y tế",
        LICENSING,
        (
            "giấy phép hành nghề đối với chức danh bác sĩ",
            "giấy phép hoạt động đối với phòng khám đa khoa",
            "giấy phép hành nghề đối với chức danh điều dưỡng",
        ),
        "Giấy phép hành nghề",
    ),
    SectorWords(
        "Dược phẩm",
        "G95",
        "Sở Y tế",
        LICENSING,
        ("chứng chỉ hành nghề dược", "giấy chứng nhận đủ điều kiện kinh doanh dược", "giấy phép bán lẻ lưu động"),
        "Chứng chỉ hành nghề dược",
    ),
    SectorWords(
        "Bảo trợ xã hội",
        "G95",
        "Sở Y tế",
        DECISION,
        ("hưởng trợ cấp xã hội hằng tháng", "hỗ trợ chi phí mai táng", "mức độ khuyết tật", "hộ nghèo, hộ cận nghèo"),
        "Quyết định trợ cấp",
    ),
    SectorWords(
        "Giáo dục trung học",
        "G96",
        "Sở Giáo dục và Đào tạo",
        DECISION,
        ("cho phép trường trung học hoạt động giáo dục", "chuyển trường đối với học sinh", "sáp nhập trường trung học"),
        "Quyết định cho phép",
    ),
    SectorWords(
        "Hệ thống văn bằng, chứng chỉ",
        "G96",
        "Sở Giáo dục và Đào tạo",
        LICENSING,
        ("bản sao văn bằng từ sổ gốc", "giấy công nhận văn bằng nước ngoài", "chứng chỉ ngoại ngữ"),
        "Văn bằng, chứng chỉ",
    ),
    SectorWords(
        "Việc làm",
        "G97",
        "Sở Nội vụ",
        LICENSING,
        ("giấy phép lao động cho người nước ngoài", "giấy phép hoạt động dịch vụ việc làm", "sổ quản lý lao động"),
        "Giấy phép lao động",
    ),
    SectorWords(
        "Người có công",
        "G97",
        "Sở Nội vụ",
        DECISION,
        ("chế độ ưu đãi đối với thân nhân liệt sĩ", "trợ cấp một lần", "di chuyển hồ sơ người có công"),
        "Quyết định hưởng chế độ",
    ),
    SectorWords(
        "Du lịch",
        "G98",
        "Sở Văn hóa, Thể thao và Du lịch",
        LICENSING,
        (
            "giấy phép kinh doanh dịch vụ lữ hành nội địa",
            "thẻ hướng dẫn viên du lịch quốc tế",
            "biển hiệu phương tiện vận tải khách du lịch",
        ),
        "Giấy phép, thẻ",
    ),
    SectorWords(
        "Nghệ thuật biểu diễn",
        "G98",
        "Sở Văn hóa, Thể thao và Du lịch",
        DECISION,
        ("tổ chức biểu diễn nghệ thuật", "tổ chức cuộc thi người đẹp", "ra nước ngoài dự thi"),
        "Văn bản chấp thuận",
    ),
)

AUDIENCES: tuple[str, ...] = (
    "",
    " cho cá nhân trong nước",
    " cho doanh nghiệp",
    " cho tổ chức có vốn đầu tư nước ngoài",
    " trong khu công nghiệp",
    " tại khu vực biên giới, hải đảo",
    " thuộc thẩm quyền của Ủy ban nhân dân cấp tỉnh",
    " theo hình thức rút gọn",
)

APPLICANTS: tuple[tuple[str, str], ...] = (
    ("1", "Công dân Việt Nam"),
    ("2", "Doanh nghiệp"),
    ("3", "Người nước ngoài"),
    ("4", "Tổ chức (không bao gồm doanh nghiệp, HTX)"),
)

PAPERS: tuple[str, ...] = (
    "Đơn đề nghị theo mẫu",
    "Bản sao giấy tờ tùy thân của người đề nghị",
    "Tờ khai theo mẫu",
    "Báo cáo thuyết minh",
    "Bản vẽ, sơ đồ địa điểm",
    "Văn bản ủy quyền (nếu có)",
    "Giấy tờ chứng minh điều kiện về cơ sở vật chất",
    "Ảnh chân dung cỡ 4 x 6 cm",
    "Bản chính giấy phép đã được cấp",
)

CASES: tuple[str, ...] = ("Trường hợp nộp lần đầu", "Trường hợp thay đổi thông tin", "Trường hợp bị mất, hư hỏng")

STEPS: tuple[str, ...] = (
    "Bước 1: Tổ chức, cá nhân nộp hồ sơ tại Bộ phận một cửa hoặc trực tuyến.",
    "Bước 2: Cơ quan tiếp nhận kiểm tra tính đầy đủ của hồ sơ và cấp giấy hẹn.",
    "Bước 3: Phòng chuyên môn thẩm định hồ sơ.",
    "Bước 4: Lãnh đạo ký duyệt và trả kết quả.",
)

LEVEL_NAMES: dict[str, str] = {"0": "Cấp Bộ", "1": "Cấp Tỉnh", "2": "Cấp Huyện", "3": "Cấp Xã"}
