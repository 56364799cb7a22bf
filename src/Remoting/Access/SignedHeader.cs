using System.Security.Cryptography;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Access;

/// <summary>
/// A header with the signature of RocketMQ's access control: the fields AccessKey, SecurityToken if there is one, and Signature, which is the
/// HMAC-SHA1 in Base64 of the values of all other fields, in the order of their names, and the body behind them.
/// </summary>
/// <typeparam name="THeader">The header that is signed.</typeparam>
/// <param name="header">The header that is signed.</param>
/// <param name="credentials">Who signs.</param>
/// <param name="body">The body of the request.</param>
public readonly struct SignedHeader<THeader>(THeader header, AccessCredentials credentials, ReadOnlyMemory<byte> body) : IHeaderWriter
    where THeader : struct, IHeaderWriter
{
    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        header.Write(fields);
        fields.Add("AccessKey"u8, credentials.AccessKey);
        fields.Add("SecurityToken"u8, credentials.SecurityToken);
        AccessSignature.Add(fields, credentials.Secret, body.Span);
    }
}

/// <summary>The signature of a request.</summary>
internal static class AccessSignature
{
    private const int Base64Length = (HMACSHA1.HashSizeInBytes + 2) / 3 * 4;

    /// <summary>Signs the fields that are there and the body, and adds the signature.</summary>
    public static void Add(HeaderFieldsWriter fields, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, secret);
        Span<int> order = fields.Count <= 64 ? stackalloc int[fields.Count] : new int[fields.Count];
        SortByName(fields, order);
        foreach (int index in order)
        {
            hash.AppendData(fields.ValueAt(index));
        }

        hash.AppendData(body);
        Span<byte> code = stackalloc byte[HMACSHA1.HashSizeInBytes];
        hash.GetHashAndReset(code);
        Span<byte> text = stackalloc byte[Base64Length];
        System.Buffers.Text.Base64.EncodeToUtf8(code, text, out _, out int length);
        fields.AddUtf8("Signature"u8, text[..length]);
    }

    // Few fields: an insertion sort needs no memory.
    private static void SortByName(HeaderFieldsWriter fields, Span<int> order)
    {
        for (int index = 0; index < order.Length; index++)
        {
            int hole = index;
            while (hole > 0 && fields.NameAt(order[hole - 1]).SequenceCompareTo(fields.NameAt(index)) > 0)
            {
                order[hole] = order[hole - 1];
                hole--;
            }

            order[hole] = index;
        }
    }
}
