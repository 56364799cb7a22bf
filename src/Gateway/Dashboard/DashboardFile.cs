using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace ProtoBridgeMQ.Gateway.Dashboard;

/// <summary>
/// One file of the dashboard as it goes over the wire. Plain and compressed are two representations, so each has an
/// entity tag of its own: a strong tag means the same bytes.
/// </summary>
internal sealed class DashboardFile
{
    private DashboardFile(string contentType, byte[] plain)
    {
        ContentType = contentType;
        Plain = plain;
        Compressed = Compress(plain);
        string digest = Convert.ToHexStringLower(SHA256.HashData(plain).AsSpan(0, 12));
        PlainTag = new EntityTagHeaderValue($"\"{digest}\"");
        CompressedTag = new EntityTagHeaderValue($"\"{digest}-gzip\"");
    }

    public string ContentType { get; }

    public byte[] Plain { get; }

    /// <summary>With gzip, which every browser takes also where the connection is not encrypted.</summary>
    public byte[] Compressed { get; }

    public EntityTagHeaderValue PlainTag { get; }

    public EntityTagHeaderValue CompressedTag { get; }

    /// <summary>Reads one out of the assembly.</summary>
    public static DashboardFile Load(string resource)
    {
        using Stream stream = typeof(DashboardFile).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{resource} is not in the assembly.");
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return new DashboardFile(ContentTypeOf(resource), copy.ToArray());
    }

    private static string ContentTypeOf(string resource) => Path.GetExtension(resource) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };

    private static byte[] Compress(byte[] plain)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
            gzip.Write(plain);

        return compressed.ToArray();
    }
}
