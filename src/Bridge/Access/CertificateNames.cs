using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>Names in a client's certificate.</summary>
internal static class CertificateNames
{
    private const string CommonNameOid = "2.5.4.3";
    private const string AlternativeNameOid = "2.5.29.17";

    /// <summary>The user that a certificate is of; empty when it names none.</summary>
    public static string Of(X509Certificate2 certificate, CertificateName which)
        => (which == CertificateName.AlternativeName ? AlternativeName(certificate) : CommonName(certificate)) ?? string.Empty;

    private static string? CommonName(X509Certificate2 certificate)
        => certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(name => !name.HasMultipleElements && name.GetSingleElementType().Value == CommonNameOid)
            .Select(name => name.GetSingleElementValue())
            .FirstOrDefault();

    /// <summary>DNS (tag 2), mail (1) and URI (6) of RFC 5280's GeneralName, in this order.</summary>
    private static string? AlternativeName(X509Certificate2 certificate)
    {
        byte[]? raw = certificate.Extensions.FirstOrDefault(extension => extension.Oid?.Value == AlternativeNameOid)?.RawData;
        if (raw is null)
        {
            return null;
        }

        var names = new Dictionary<int, string>();
        try
        {
            AsnReader sequence = new AsnReader(raw, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                Asn1Tag tag = sequence.PeekTag();
                if (tag is { TagClass: TagClass.ContextSpecific, TagValue: 1 or 2 or 6 })
                {
                    names.TryAdd(tag.TagValue, sequence.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
                else
                {
                    sequence.ReadEncodedValue();
                }
            }
        }
        catch (AsnContentException)
        {
            return null;
        }

        return names.GetValueOrDefault(2) ?? names.GetValueOrDefault(1) ?? names.GetValueOrDefault(6);
    }
}
