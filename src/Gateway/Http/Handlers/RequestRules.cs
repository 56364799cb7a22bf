using Microsoft.Extensions.Primitives;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary>What every request must keep.</summary>
internal static class RequestRules
{
    /// <summary>Refuses changes asked for by a page of another origin, and bodies in a coding that would be stored as it is.</summary>
    public static void Check(HttpRequest request)
    {
        StringValues origin = request.Headers.Origin;
        if (origin.Count > 0 && !IsOwn(origin.ToString(), request))
            throw new RefusalException(Problem.CrossOrigin, "The request comes from a page of " + origin + ".");

        StringValues coding = request.Headers.ContentEncoding;
        if (coding.Count > 0 && !string.Equals(coding.ToString(), "identity", StringComparison.OrdinalIgnoreCase))
            throw new RefusalException(Problem.UnsupportedMediaType, $"Content-Encoding {coding} is not taken: send the body as it is.");
    }

    /// <summary>Refuses query parameters that nobody knows: a misspelt one would be lost silently.</summary>
    public static void CheckQuery(HttpRequest request, params ReadOnlySpan<string> known)
    {
        foreach (string name in request.Query.Keys)
        {
            if (!known.Contains(name))
                throw RefusalException.Invalid(known.IsEmpty
                    ? $"The query parameter {name} is unknown; there are none here."
                    : $"The query parameter {name} is unknown; there are {string.Join(", ", known.ToArray())}.");
        }
    }

    private static bool IsOwn(string origin, HttpRequest request)
    {
        int start = origin.IndexOf("://", StringComparison.Ordinal);
        return start > 0 && origin.AsSpan(start + 3).Equals(request.Headers.Host.ToString(), StringComparison.OrdinalIgnoreCase);
    }
}
