"""Replies written by hand after the population notes §5 to §8, for tests of the decoder."""

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
RECORDS = "http://www.mic.gov.vn/dancu/1.0"
REQUESTS = "http://dancuquocgia.bca"
NUMBER = "999190000001"

FLAT_PERSON = (
    "<ns1:CongDan><ns1:SoDinhDanh>999190000001</ns1:SoDinhDanh><ns1:SoCMND/>"
    "<ns1:HoVaTen><ns1:Ho/><ns1:ChuDem/><ns1:Ten>NGUYỄN THỊ MẪU</ns1:Ten></ns1:HoVaTen>"
    "<ns1:GioiTinh>2</ns1:GioiTinh><ns1:DanToc>1</ns1:DanToc><ns1:TonGiao>00</ns1:TonGiao>"
    "<ns1:TinhTrangHonNhan>4</ns1:TinhTrangHonNhan><ns1:NhomMau>03</ns1:NhomMau>"
    "<ns1:NgayThangNamSinh><ns1:Nam>1990</ns1:Nam><ns1:NgayThangNam>19900203</ns1:NgayThangNam></ns1:NgayThangNamSinh>"
    "<ns1:QuocTich>VN</ns1:QuocTich>"
    "<ns1:ThuongTru><ns1:MaTinhThanh>01</ns1:MaTinhThanh><ns1:MaQuanHuyen/><ns1:MaPhuongXa>00004</ns1:MaPhuongXa>"
    "<ns1:ChiTiet>SỐ 1, PHỐ MẪU</ns1:ChiTiet><ns1:QuocGia>VN</ns1:QuocGia></ns1:ThuongTru>"
    "<ns1:Cha><ns1:HoVaTen>NGUYỄN VĂN CHA</ns1:HoVaTen><ns1:SoDinhDanh>999060000002</ns1:SoDinhDanh></ns1:Cha>"
    "<ns1:ChuHo><ns1:QuanHe>CH01</ns1:QuanHe><ns1:HoVaTen>NGUYỄN THỊ MẪU</ns1:HoVaTen></ns1:ChuHo>"
    "</ns1:CongDan>"
)
QCVN_PERSON = (
    "<ns1:CongDan><ns1:SoDinhDanh>999190000001</ns1:SoDinhDanh>"
    "<ns1:HoVaTen><ns1:Ho>NGUYỄN</ns1:Ho><ns1:ChuDem>THỊ</ns1:ChuDem><ns1:Ten>MẪU</ns1:Ten></ns1:HoVaTen>"
    "<ns1:GioiTinh>2</ns1:GioiTinh>"
    "<ns1:DanToc><ns1:MaDanToc>02</ns1:MaDanToc><ns1:TenGoi>Tày</ns1:TenGoi></ns1:DanToc>"
    "<ns1:TonGiao><ns1:MaTonGiao>99</ns1:MaTonGiao></ns1:TonGiao>"
    "<ns1:NgayThangNamSinh><ns1:NgayThangNam>1990-02-03</ns1:NgayThangNam></ns1:NgayThangNamSinh>"
    "<ns1:ThuongTru><ns1:MaDonViHanhChinh>00004</ns1:MaDonViHanhChinh><ns1:ChiTiet>SỐ 1</ns1:ChiTiet></ns1:ThuongTru>"
    "<ns1:Me><ns1:HoVaTen><ns1:Ho>TRẦN</ns1:Ho><ns1:Ten>MẸ</ns1:Ten></ns1:HoVaTen></ns1:Me>"
    "</ns1:CongDan>"
)
KINSHIP_PERSON = (
    "<ns1:CongDan><ns1:SoDinhDanh>999190000001</ns1:SoDinhDanh>"
    "<ns1:HoVaTen><ns1:Ho>NGUYỄN</ns1:Ho><ns1:ChuDem>THỊ</ns1:ChuDem><ns1:Ten>MẪU</ns1:Ten></ns1:HoVaTen>"
    "<ns1:NgayThangNamSinh><ns1:NgayThangNam>19900203</ns1:NgayThangNam></ns1:NgayThangNamSinh>"
    "<ns1:Cha><ns1:SoDinhDanh>999060000002</ns1:SoDinhDanh><ns1:QuocTich>VN</ns1:QuocTich>"
    "<ns1:HoVaTen><ns1:Ho>NGUYỄN</ns1:Ho><ns1:Ten>CHA</ns1:Ten></ns1:HoVaTen></ns1:Cha>"
    "</ns1:CongDan>"
)


def envelope(content: str, *, soap: str = SOAP) -> bytes:
    """Give an envelope around the content of its body."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{soap}" xmlns:ns1="{RECORDS}" '
        f'xmlns:dan="{REQUESTS}"><soapenv:Header/><soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>'
    ).encode()


def collection(people: str = FLAT_PERSON, attributes: str = "") -> bytes:
    """Give a look-up's reply."""
    return envelope(f"<ns1:CongdanCollection{attributes}>{people}</ns1:CongdanCollection>")


def truth(text: str, root: str = "KetQuaXacThuc") -> bytes:
    """Give a verification's reply."""
    return envelope(f"<dan:{root}><dan:TonTai>{text}</dan:TonTai></dan:{root}>")
