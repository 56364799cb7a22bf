using System.Text.Json;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace ProtoBridgeMQ.Gateway.Http.OpenApi;

/// <summary>The OpenAPI document at <c>/swagger/v1/swagger.json</c> and its pages at <c>/swagger</c>, served from the binary.</summary>
internal static class SwaggerPages
{
    private const string Document = "v1";

    public static void Add(IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.CamelCase);
        services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc(Document, new OpenApiInfo
            {
                Title = "ProtoBridgeMQ",
                Version = Document,
                Description = "Publish, consume in groups, watch and manage topics. Every error is problem details (RFC 9457) with a stable `type`.",
            });
            swagger.SupportNonNullableReferenceTypes();
            swagger.NonNullableReferenceTypesAsRequired();
            swagger.OperationFilter<OperationNotesFilter>();
            string words = Path.Combine(AppContext.BaseDirectory, typeof(SwaggerPages).Assembly.GetName().Name + ".xml");
            if (File.Exists(words))
                swagger.IncludeXmlComments(words);
        });
    }

    public static void Use(WebApplication application)
    {
        application.UseSwagger();
        application.UseSwaggerUI(Configure);
    }

    private static void Configure(SwaggerUIOptions pages)
    {
        pages.SwaggerEndpoint($"/swagger/{Document}/swagger.json", "ProtoBridgeMQ " + Document);
        pages.DocumentTitle = "ProtoBridgeMQ API";
        pages.EnableTryItOutByDefault();
        pages.DisplayRequestDuration();
        // The default asks a server of somebody else, which an offline page cannot and an internal one should not.
        pages.ConfigObject.ValidatorUrl = null;
    }
}
