using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ProtoBridgeMQ.Bridge.Access.Tokens;

/// <summary>The public keys that tokens are checked by. A key decides the algorithm, never the token.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class TokenKeys
{
    private const int SmallestRsaKey = 2048;

    private TokenKeys(IReadOnlyList<SecurityKey> keys) => Keys = keys;

    public static TokenKeys Empty { get; } = new([]);

    public IReadOnlyList<SecurityKey> Keys { get; }

    /// <summary>Reads a JSON Web Key Set. Keys of other kinds (secrets above all) and uses are left out.</summary>
    /// <exception cref="AccessFileException">It is no key set, or none of its keys can check a token.</exception>
    public static TokenKeys Parse(string path, ReadOnlyMemory<byte> text)
    {
        try
        {
            var set = new JsonWebKeySet(Encoding.UTF8.GetString(text.Span));
            SecurityKey[] keys = [.. set.Keys.Where(IsUsable)];
            return keys.Length > 0 ? new TokenKeys(keys) : throw new AccessFileException(path, "no key of it is an RSA key of 2048 bits for RS256, or a P-256 key for ES256");
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            throw new AccessFileException(path, "it is no JSON Web Key Set: " + wrong.Message, wrong);
        }
    }

    private static bool IsUsable(JsonWebKey key)
        => key.Use is null or "" or "sig" && key.Kty switch
        {
            "RSA" => key.Alg is null or "" or SecurityAlgorithms.RsaSha256 && key.KeySize >= SmallestRsaKey,
            "EC" => key.Alg is null or "" or SecurityAlgorithms.EcdsaSha256 && key.Crv == "P-256",
            _ => false,
        };
}

/// <summary>Checks tokens: signature by RS256 or ES256, validity, issuer, audience.</summary>
internal sealed class TokenChecks(AccessOptions options, TimeProvider clock)
{
    private const int LargestToken = 16 * 1024;

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = LargestToken, MapInboundClaims = false };

    /// <summary>Whether a text looks like a token: three parts, the first of which is a JSON object in base64url.</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => text.StartsWith("ey"u8) && text.Count((byte)'.') == 2;

    /// <summary>Who a token says its bearer is.</summary>
    public async ValueTask<Authentication> CheckAsync(string token, TokenKeys keys)
    {
        if (token.Length > LargestToken)
        {
            return Refuse($"it is longer than {LargestToken} characters");
        }

        TokenValidationResult result = await _handler.ValidateTokenAsync(token, ParametersFor(keys)).ConfigureAwait(false);
        if (!result.IsValid || result.SecurityToken is not JsonWebToken valid)
        {
            return Refuse(result.Exception is { } why ? Named(why) : "it is not valid");
        }

        if (!valid.TryGetPayloadValue(options.TokenUserClaim, out string user) || string.IsNullOrEmpty(user) || user.Length > 256)
        {
            return Refuse($"its claim {options.TokenUserClaim} names no user");
        }

        return Authentication.Of(new Identity(user, GroupsOf(valid), Proof.Token, new DateTimeOffset(valid.ValidTo, TimeSpan.Zero) + options.TokenClockSkew));
    }

    private TokenValidationParameters ParametersFor(TokenKeys keys) => new()
    {
        IssuerSigningKeys = keys.Keys,
        TryAllIssuerSigningKeys = true,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        ValidAlgorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256],
        ValidateIssuerSigningKey = true,
        ValidateIssuer = options.TokenIssuer.Length > 0,
        ValidIssuer = options.TokenIssuer,
        ValidateAudience = options.TokenAudience.Length > 0,
        ValidAudience = options.TokenAudience,
        LifetimeValidator = IsValidNow,
    };

    private bool IsValidNow(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        DateTime now = clock.GetUtcNow().UtcDateTime;
        return expires is { } end && now <= end + options.TokenClockSkew && (notBefore is not { } begin || now >= begin - options.TokenClockSkew);
    }

    private string[] GroupsOf(JsonWebToken token)
    {
        if (token.TryGetPayloadValue(options.TokenGroupsClaim, out string[] list) && list is not null)
        {
            return list;
        }

        return token.TryGetPayloadValue(options.TokenGroupsClaim, out string words) && words is not null ? words.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
    }

    private static string Named(Exception why) => why switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException => "it is not valid at this time",
        SecurityTokenInvalidIssuerException => "its issuer is another",
        SecurityTokenInvalidAudienceException => "it is for another audience",
        SecurityTokenInvalidAlgorithmException => "its algorithm is not one of the keys",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "its signature is not by one of the keys",
        _ => "it is no token",
    };

    private static Authentication Refuse(string why) => Authentication.Refuse(Rejection.BadCredentials, "token: " + why);
}
